import { type Content, type Html, html } from '../html.ts';
import type { Visitor } from '../visit.ts';

/** An instant to the minute, in the service's time zone; with JavaScript in the reader's own. */
export const dateTime = ({ format }: Visitor, at: Date): Html =>
  html`<time datetime="${at.toISOString()}" data-local>${format.dateTime(at)}</time>`;

/** "3 minutes ago", with the instant on hovering. null: `otherwise`. */
export const ago = ({ format }: Visitor, at: Date | null, otherwise: Content): Content =>
  at === null
    ? html`<span class="muted">${otherwise}</span>`
    : html`<time datetime="${at.toISOString()}" title="${format.dateTime(at)}">${format.relative(at)}</time>`;

export const day = ({ format }: Visitor, at: Date): Html =>
  html`<time datetime="${at.toISOString()}" title="${format.dateTime(at)}">${format.date(at)}</time>`;

/** An instant to the second, for what follows closely; with JavaScript in the reader's own zone. */
export const timeToSecond = ({ format }: Pick<Visitor, 'format'>, at: Date): Html =>
  html`<time datetime="${at.toISOString()}" data-local="second">${format.dateTimeToSecond(at)}</time>`;
