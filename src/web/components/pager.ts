import { type Content, html } from '../html.ts';
import type { Visitor } from '../visit.ts';
import { linkButton } from './button.ts';

/** To the rows before and after these, where there are any. */
export function pager(
  { t }: Visitor,
  { newer, older }: { newer?: string | undefined; older?: string | undefined },
): Content {
  if (newer === undefined && older === undefined) return undefined;
  return html`<nav class="pager" aria-label="${t.common.pages}">
    ${newer !== undefined && linkButton({ label: t.common.newer, href: newer, icon: 'left' })}
    ${older !== undefined && linkButton({ label: t.common.older, href: older, icon: 'right' })}
  </nav>`;
}
