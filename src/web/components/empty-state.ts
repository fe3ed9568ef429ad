import { type Content, type Html, html } from '../html.ts';
import { type IconName, icon } from './icon.ts';

/** Instead of a list without rows: what would be here, and how it gets here. */
export const emptyState = ({
  icon: name,
  title,
  text,
  action,
}: {
  icon: IconName;
  title: string;
  text: string;
  action?: Content;
}): Html => html`
  <div class="empty-state">
    <span class="empty-state-icon">${icon(name)}</span>
    <h2>${title}</h2>
    <p>${text}</p>
    ${action}
  </div>`;
