import { type Content, html } from '../html.ts';
import { paths } from '../paths.ts';
import type { Visit } from '../visit.ts';
import { notice } from './notice.ts';

/** Above the lists of the stock: how many parts are low, and where they are listed. */
export const lowNotice = ({ t, notices, organizationId }: Visit): Content =>
  notices.partsLow > 0 &&
  notice({
    tone: 'warning',
    content: html`${t.notices.partsLow(notices.partsLow)} <a href="${paths.partsLow(organizationId)}">${t.notices.showLow}</a>`,
  });
