import { type Content, html } from '../html.ts';
import type { Visitor } from '../visit.ts';
import { linkButton } from './button.ts';

interface Neighbours {
  newer?: string | undefined;
  older?: string | undefined;
}

/** To the rows before and after these, where there are any; `labels` where they are not in the order of time. */
export function pager(
  { t }: Visitor,
  { newer, older }: Neighbours,
  labels: { newer: string; older: string } = t.common,
): Content {
  if (newer === undefined && older === undefined) return undefined;
  return html`<nav class="pager" aria-label="${t.common.pages}">
    ${newer !== undefined && linkButton({ label: labels.newer, href: newer, icon: 'left' })}
    ${older !== undefined && linkButton({ label: labels.older, href: older, icon: 'right' })}
  </nav>`;
}
