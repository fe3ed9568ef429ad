import { type Content, type Html, html } from '../html.ts';
import type { Visitor } from '../visit.ts';
import { icon } from './icon.ts';

export interface Crumb {
  label: string;
  href: string;
}

interface PageHeader {
  title: Content;
  /** A sentence: what this is for. */
  lead?: Content;
  /** What stands above this page, outermost first; the page itself is not among it. */
  crumbs?: Crumb[];
  /** Buttons, the primary one last. */
  actions?: Content;
}

/** The page's `h1` and what can be done here. */
export const pageHeader = ({ t }: Visitor, { title, lead, crumbs = [], actions }: PageHeader): Html => html`
  ${crumbs.length > 0 && breadcrumbs(t.common.breadcrumbs, crumbs)}
  <header class="page-header">
    <div><h1>${title}</h1>${lead && html`<p class="lead">${lead}</p>`}</div>
    ${actions && html`<div class="actions">${actions}</div>`}
  </header>`;

const breadcrumbs = (label: string, crumbs: Crumb[]): Html => html`
  <nav class="breadcrumbs" aria-label="${label}"><ol>${crumbs.map(
    (crumb) => html`<li><a href="${crumb.href}">${crumb.label}</a>${icon('right')}</li>`,
  )}</ol></nav>`;
