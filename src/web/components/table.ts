import { attributes, type Content, type Html, html } from '../html.ts';
import { icon } from './icon.ts';

export interface Column<Row> {
  label: string;
  cell(row: Row): Content;
  /** number: right-aligned, its digits under each other. actions: buttons, its heading only read out. title: the row's name. */
  kind?: 'text' | 'number' | 'actions' | 'title';
  /** Where rows can be sorted by it: the page in that order, and how it is sorted by it now. */
  sort?: { href: string; now: 'ascending' | 'descending' | undefined };
}

/**
 * Rows as a table; on a phone each row becomes a card with its labels. `caption` is read out, not seen. `isDense`: with many
 * columns, each of few words.
 */
export const table = <Row>({
  caption,
  columns,
  rows,
  isDense = false,
}: {
  caption: string;
  columns: Column<Row>[];
  rows: Row[];
  isDense?: boolean;
}): Html => html`
  <div class="table-frame">
    <table${attributes({ class: isDense && 'dense' })}>
      <caption class="visually-hidden">${caption}</caption>
      <thead><tr>${columns.map(heading)}</tr></thead>
      <tbody>${rows.map((row) => html`<tr>${columns.map((column) => cell(column, row))}</tr>`)}</tbody>
    </table>
  </div>`;

const heading = <Row>({ label, kind = 'text', sort }: Column<Row>): Html =>
  html`<th scope="col" class="column-${kind}"${attributes({ 'aria-sort': sort?.now })}>${sort ? sortLink(label, sort) : kind === 'actions' ? html`<span class="visually-hidden">${label}</span>` : label}</th>`;

const sortLink = (label: string, { href, now }: { href: string; now: 'ascending' | 'descending' | undefined }): Html =>
  html`<a class="sort" href="${href}">${label}<span class="sort-mark${now ? ` sort-${now}` : ''}">${icon('chevron')}</span></a>`;

function cell<Row>({ label, kind = 'text', cell }: Column<Row>, row: Row): Html {
  const content = cell(row);
  return kind === 'title'
    ? html`<th scope="row" class="column-title">${content}</th>`
    : html`<td class="column-${kind}"${attributes({ 'data-label': kind === 'actions' ? undefined : label })}><div class="cell">${content}</div></td>`;
}
