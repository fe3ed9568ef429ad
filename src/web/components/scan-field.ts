import { type Html, html } from '../html.ts';
import type { Visitor } from '../visit.ts';
import { button } from './button.ts';
import { icon } from './icon.ts';

/**
 * A field for what a scanner types, ending with Enter, or a person. Where the browser can read barcodes, a button opens the
 * camera.
 */
export const scanField = (
  { t }: Visitor,
  { name, label, hint, value }: { name: string; label: string; hint: string; value: string },
): Html => html`
  <div class="field" data-scan-field>
    <label for="field-${name}">${label}</label>
    <p class="hint" id="field-${name}-hint">${hint}</p>
    <div class="scan">
      <input class="input code" id="field-${name}" name="${name}" value="${value}" autocomplete="off" autocapitalize="off" spellcheck="false" enterkeyhint="search" maxlength="255" autofocus aria-describedby="field-${name}-hint">
      <button type="button" class="button button-secondary" data-scan data-scan-title="${t.scan.title}" data-scan-close="${t.common.close}" data-scan-failed="${t.scan.failed}" hidden>${icon('scan')}<span>${t.scan.open}</span></button>
      ${button({ label: t.scan.find, icon: 'search', kind: 'primary' })}
    </div>
  </div>`;
