import { type Content, type Html, html } from '../html.ts';
import type { Visitor } from '../visit.ts';
import { button, linkButton } from './button.ts';

interface Confirm {
  title: string;
  text: Content;
  /** Fields that the question needs, for example for how long. */
  fields?: Content;
  action: string;
  submit: string;
  /** Where "Cancel" leads. */
  back: string;
  isDanger?: boolean;
}

/**
 * Asks before something is done. A page of its own, to which a `linkButton` with `confirm` leads; with JavaScript the same
 * markup is shown in a dialog over the page that the link stands on.
 */
export const confirm = (
  { t }: Visitor,
  { title, text, fields, action, submit, back, isDanger = true }: Confirm,
): Html => html`
  <form method="post" action="${action}" class="confirm${isDanger ? ' confirm-danger' : ''}" data-confirm-panel>
    <h1>${title}</h1>
    <div class="confirm-text">${text}</div>
    ${fields}
    <div class="actions">
      ${linkButton({ label: t.common.cancel, href: back })}
      ${button({ label: submit, kind: isDanger ? 'danger' : 'primary' })}
    </div>
  </form>`;
