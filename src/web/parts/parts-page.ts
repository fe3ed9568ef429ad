import type { PartFilter } from '../../stock/parts/list-parts.ts';
import type { presentPart } from '../../stock/parts/present-part.ts';
import { linkButton } from '../components/button.ts';
import { emptyState } from '../components/empty-state.ts';
import { countSet, filterFlag, filterSelect, filters, filterText } from '../components/filters.ts';
import { lowNotice } from '../components/low-notice.ts';
import { pageHeader } from '../components/page-header.ts';
import { pager } from '../components/pager.ts';
import { type Column, table } from '../components/table.ts';
import { type Content, type Html, html } from '../html.ts';
import { page } from '../layout.ts';
import type { ListPage } from '../list-page.ts';
import { paths } from '../paths.ts';
import type { Visit } from '../visit.ts';
import { stockState } from './stock-state.ts';

type ShownPart = ReturnType<typeof presentPart>;

interface Parts {
  filter: PartFilter;
  parts: ListPage<ShownPart>;
  categories: string[];
  /** The organization has no part at all. */
  isEmpty: boolean;
  /** The page's address in another order. */
  addressOf(sort: string): string;
  /** The page's query string: what is exported is what is shown. */
  query: string;
}

export function partsPage(visit: Visit, given: Parts): Html {
  const { t, canWrite, organizationId } = visit;
  const { isEmpty, parts, query } = given;
  const create = linkButton({
    label: t.parts.create,
    href: paths.newPart(organizationId),
    kind: 'primary',
    icon: 'add',
  });
  const bringIn = linkButton({ label: t.parts.import, href: paths.import(organizationId), icon: 'upload' });
  return page(visit, {
    title: t.parts.title,
    place: 'parts',
    body: html`
      ${given.filter.belowReorder !== true && lowNotice(visit)}
      ${pageHeader(visit, {
        title: t.parts.title,
        lead: t.parts.lead,
        actions: !isEmpty && [
          linkButton({
            label: t.lists.export,
            href: `${paths.partsCsv(organizationId)}${query && `?${query}`}`,
            icon: 'download',
          }),
          canWrite && [bringIn, create],
        ],
      })}
      ${
        isEmpty
          ? emptyState({
              icon: 'parts',
              title: t.parts.emptyTitle,
              text: t.parts.emptyText,
              action: canWrite && html`<div class="actions">${bringIn}${create}</div>`,
            })
          : html`${filterForm(visit, given)}${parts.rows.length === 0 ? nothingFound(visit) : partTable(visit, given)}`
      }
      ${pager(visit, { newer: parts.previous, older: parts.next }, t.lists)}`,
  });
}

const nothingFound = ({ t, organizationId }: Visit): Html =>
  emptyState({
    icon: 'search',
    title: t.lists.nothingTitle,
    text: t.lists.nothingText,
    action: linkButton({ label: t.lists.clear, href: paths.parts(organizationId) }),
  });

function filterForm(visit: Visit, { filter, categories, parts }: Parts): Html {
  const { t, organizationId } = visit;
  const isFiltered = filter.q ?? filter.category ?? filter.belowReorder ?? (filter.archived || undefined);
  return filters(visit, {
    action: paths.parts(organizationId),
    sort: parts.sort,
    clear: isFiltered === undefined ? undefined : paths.parts(organizationId),
    search: filterText({ name: 'q', label: t.lists.search, value: filter.q, type: 'search', isWide: true }),
    setCount: countSet([filter.category, filter.belowReorder, filter.archived]),
    more: [
      categories.length > 0 &&
        filterSelect({
          name: 'category',
          label: t.parts.category,
          value: filter.category,
          choices: [{ value: '', label: t.lists.all }, ...categories.map((value) => ({ value, label: value }))],
        }),
      html`<div class="filter-flags">
        ${filterFlag({ name: 'low', label: t.parts.onlyLow, isSet: filter.belowReorder === true })}
        ${filterFlag({ name: 'archived', label: t.parts.alsoArchived, isSet: filter.archived === true })}
      </div>`,
    ],
  });
}

function partTable(visit: Visit, { parts, addressOf }: Parts): Html {
  const { t, format, organizationId } = visit;
  const hasCategories = parts.rows.some(({ category }) => category !== null);
  const sortBy = (name: string): NonNullable<Column<ShownPart>['sort']> => ({
    href: addressOf(parts.sort === name ? `-${name}` : name),
    now: parts.sort === name ? 'ascending' : parts.sort === `-${name}` ? 'descending' : undefined,
  });
  return table<ShownPart>({
    caption: t.parts.title,
    rows: parts.rows,
    columns: [
      {
        label: t.parts.sku,
        kind: 'title',
        sort: sortBy('sku'),
        cell: ({ id, sku }) => html`<a class="code row-link" href="${paths.part(organizationId, id)}">${sku}</a>`,
      },
      { label: t.parts.name, sort: sortBy('name'), cell: ({ name }) => html`<span class="clamp">${name}</span>` },
      ...(hasCategories
        ? [{ label: t.parts.category, cell: ({ category }: ShownPart): Content => category ?? none }]
        : []),
      {
        label: t.parts.onHand,
        kind: 'number',
        cell: ({ onHand, unit }) => html`<span>${format.number(onHand)} <span class="unit">${unit}</span></span>`,
      },
      {
        label: t.parts.reorderAt,
        kind: 'number',
        cell: ({ reorderPoint }) => (reorderPoint === null ? none : html`<span>${format.number(reorderPoint)}</span>`),
      },
      { label: t.parts.state, cell: (part) => stockState(visit, part) },
    ],
  });
}

const none = html`<span class="muted">–</span>`;
