import { type Content, type Html, html } from '../html.ts';

/** Facts about one thing, each with its name. */
export const details = (facts: [label: string, value: Content][]): Html =>
  html`<dl class="details">${facts.map(([label, value]) => html`<div><dt>${label}</dt><dd>${value}</dd></div>`)}</dl>`;

/** A panel of a page that has several. */
export const section = ({
  id,
  title,
  lead,
  actions,
  body,
}: {
  id: string;
  title: string;
  lead?: Content;
  actions?: Content;
  body: Content;
}): Html => html`
  <section class="section" aria-labelledby="${id}">
    <header class="section-header"><div><h2 id="${id}">${title}</h2>${lead && html`<p class="lead">${lead}</p>`}</div>${actions}</header>
    ${body}
  </section>`;
