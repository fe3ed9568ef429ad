import { attributes, type Html, html } from '../html.ts';

export interface Tab {
  label: string;
  href: string;
  isCurrent: boolean;
  count?: number;
}

/** Pages that belong together: plain links, the one shown marked. */
export const tabs = (label: string, list: Tab[]): Html => html`
  <nav class="tabs" aria-label="${label}"><ul>${list.map(
    (tab) =>
      html`<li><a href="${tab.href}"${attributes({ 'aria-current': tab.isCurrent && 'page' })}>${tab.label}${
        tab.count !== undefined && tab.count > 0 && html` <span class="count">${tab.count}</span>`
      }</a></li>`,
  )}</ul></nav>`;
