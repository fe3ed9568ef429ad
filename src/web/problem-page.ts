import { linkButton } from './components/button.ts';
import { type Html, html } from './html.ts';
import { cardPage } from './layout.ts';
import { paths } from './paths.ts';
import type { Visitor } from './visit.ts';

/** What could not be shown or done, in a person's words. */
export const problemPage = (
  visitor: Visitor,
  { title, text, requestId }: { title: string; text: string; requestId?: string | undefined },
): Html =>
  cardPage(visitor, {
    title,
    body: html`
      <h1>${title}</h1>
      <p>${text}</p>
      ${requestId !== undefined && html`<p class="muted code">${visitor.t.common.requestId(requestId)}</p>`}
      <p>${linkButton({ label: visitor.t.common.backToStart, href: paths.start, kind: 'primary' })}</p>`,
  });
