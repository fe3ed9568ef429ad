import { type Content, type Html, html } from '../html.ts';
import type { Visitor } from '../visit.ts';
import { icon } from './icon.ts';

/** A secret that is shown this once, with a button that copies it (with JavaScript; without, it selects whole on a click). */
export const secretOnce = (
  { t }: Visitor,
  { title, secret, more }: { title: string; secret: string; more?: Content },
): Html => html`
  <section class="secret" aria-labelledby="secret-title">
    <h2 id="secret-title">${icon('lock')}${title}</h2>
    <p>${t.common.shownOnce}</p>
    ${copyable({ t }, secret)}
    ${more}
  </section>`;

/** Text to copy. */
export const copyable = ({ t }: Pick<Visitor, 't'>, text: string): Html => html`
  <div class="copyable"><code class="copyable-text" tabindex="0" data-copy-source>${text}</code><button type="button" class="button button-secondary" data-copy data-copied="${t.common.copied}" hidden>${icon('copy')}<span aria-live="polite">${t.common.copy}</span></button></div>`;
