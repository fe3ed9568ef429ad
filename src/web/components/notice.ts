import { type Content, type Html, html } from '../html.ts';
import { type IconName, icon } from './icon.ts';

export type NoticeTone = 'good' | 'bad' | 'warning' | 'info';

const toneIcons: Record<NoticeTone, IconName> = { good: 'check', bad: 'warning', warning: 'warning', info: 'info' };

/** Something to know, across the page. `isAnswer`: it answers what was just done, and is read out. */
export const notice = ({
  tone,
  content,
  isAnswer = false,
}: {
  tone: NoticeTone;
  content: Content;
  isAnswer?: boolean;
}): Html =>
  html`<div class="notice notice-${tone}"${isAnswer && html` role="status"`}>${icon(toneIcons[tone])}<div>${content}</div></div>`;
