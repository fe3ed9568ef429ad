import type { LocationName } from '../../stock/locations/all-locations.ts';
import { presentMovement } from '../../stock/movements/list-movements.ts';
import { movementKinds } from '../../stock/movements/schema.ts';
import { linkButton } from '../components/button.ts';
import { details } from '../components/details.ts';
import { emptyState } from '../components/empty-state.ts';
import { countSet, filterSelect, filters, filterText } from '../components/filters.ts';
import { lowNotice } from '../components/low-notice.ts';
import { pageHeader } from '../components/page-header.ts';
import { pager } from '../components/pager.ts';
import { dateTime } from '../components/time.ts';
import { type Content, type Html, html } from '../html.ts';
import { page } from '../layout.ts';
import type { ListPage } from '../list-page.ts';
import { paths } from '../paths.ts';
import type { Visit } from '../visit.ts';
import type { Asked } from './handlers.ts';
import type { LedgerRow } from './ledger.ts';
import { delta, isReversible, kindLabel, ledgerTable, movementLink, who } from './ledger-table.ts';

interface LedgerView {
  asked: Asked;
  ledger: ListPage<LedgerRow>;
  locations: LocationName[];
  /** The page's query string: what is exported is what is shown. */
  query: string;
}

export function movementsPage(visit: Visit, { asked, ledger, locations, query }: LedgerView): Html {
  const { t, canWrite, organizationId } = visit;
  const isFiltered = Object.values(asked).some((value) => value !== undefined);
  const isEmpty = ledger.rows.length === 0 && !isFiltered;
  const record = linkButton({
    label: t.movements.record,
    href: paths.newMovement(organizationId),
    kind: 'primary',
    icon: 'add',
  });
  return page(visit, {
    title: t.movements.title,
    place: 'movements',
    body: html`
      ${lowNotice(visit)}
      ${pageHeader(visit, {
        title: t.movements.title,
        lead: t.movements.lead,
        actions: !isEmpty && [
          linkButton({
            label: t.lists.export,
            href: `${paths.movementsCsv(organizationId)}${query && `?${query}`}`,
            icon: 'download',
          }),
          canWrite && record,
        ],
      })}
      ${
        isEmpty
          ? emptyState({
              icon: 'movements',
              title: t.movements.emptyTitle,
              text: t.movements.emptyText,
              action: canWrite && record,
            })
          : html`${filterForm(visit, asked, locations, isFiltered)}${
              ledger.rows.length === 0
                ? emptyState({
                    icon: 'search',
                    title: t.lists.nothingTitle,
                    text: t.lists.nothingText,
                    action: linkButton({ label: t.lists.clear, href: paths.movements(organizationId) }),
                  })
                : ledgerTable(visit, { rows: ledger.rows, shows: 'everything' })
            }`
      }
      ${pager(visit, { newer: ledger.previous, older: ledger.next })}`,
  });
}

function filterForm(visit: Visit, asked: Asked, locations: LocationName[], isFiltered: boolean): Html {
  const { t, organizationId } = visit;
  const all = { value: '', label: t.lists.all };
  return filters(visit, {
    action: paths.movements(organizationId),
    clear: isFiltered ? paths.movements(organizationId) : undefined,
    search: filterText({ name: 'q', label: t.lists.search, value: asked.q, type: 'search', isWide: true }),
    setCount: countSet(Object.values({ ...asked, q: undefined })),
    more: [
      filterSelect({
        name: 'kind',
        label: t.movements.kind,
        value: asked.kind,
        choices: [all, ...movementKinds.map((value) => ({ value, label: t.movements.kinds[value] }))],
      }),
      filterText({ name: 'part', label: t.movements.partFilter, value: asked.part }),
      locations.length > 0 &&
        filterSelect({
          name: 'location',
          label: t.locations.one,
          value: asked.location === undefined ? undefined : String(asked.location),
          choices: [all, ...locations.map(({ id, name }) => ({ value: String(id), label: name }))],
        }),
      filterText({ name: 'reference', label: t.movements.reference, value: asked.reference }),
      filterText({ name: 'since', label: t.movements.since, value: asked.since, type: 'date' }),
      filterText({ name: 'until', label: t.movements.until, value: asked.until, type: 'date' }),
    ],
  });
}

export function movementPage(visit: Visit, row: LedgerRow): Html {
  const { t, format, canWrite, organizationId } = visit;
  const shown = presentMovement(row);
  const code = (text: string | number | null): Content => text !== null && html`<code>${text}</code>`;
  const quantity = (value: number | null): Content => value !== null && `${format.number(value)} ${row.unit}`;
  const facts: [string, Content][] = [
    [t.movements.kind, kindLabel(visit, row.kind)],
    [
      t.movements.part,
      html`<a href="${paths.part(organizationId, shown.partId)}"><code>${row.sku}</code></a> ${row.part_name}`,
    ],
    [t.locations.one, html`<a href="${paths.location(organizationId, shown.locationId)}">${row.location}</a>`],
    [t.movements.change, delta(visit, row.qty_delta, row.unit)],
    [t.movements.onHandAfter, quantity(shown.onHand)],
    [t.movements.expected, quantity(shown.expected)],
    [t.movements.counted, quantity(shown.counted)],
    [t.movements.unitCost, shown.unitCost !== null && format.money(shown.unitCost)],
    [t.movements.value, format.money(shown.value)],
    [t.movements.who, who(visit, row)],
    [t.movements.when, dateTime(visit, new Date(shown.occurredAt))],
    [t.movements.recordedAt, dateTime(visit, new Date(shown.createdAt))],
    [t.movements.reference, code(shown.reference)],
    [t.movements.referenceLine, code(shown.referenceLine)],
    [t.movements.workOrder, code(shown.workOrder)],
    [t.movements.reasonCode, code(shown.reasonCode)],
    [t.movements.costCenter, code(shown.costCenter)],
    [t.movements.externalId, code(shown.externalId)],
    [t.movements.reverses, shown.reverses !== null && movementLink(visit, shown.reverses)],
    [t.movements.reversedBy, row.reversed_by_id !== null && movementLink(visit, row.reversed_by_id)],
    [t.movements.transfer, shown.transferId !== null && movementLink(visit, shown.transferId)],
  ];
  const title = t.movements.oneTitle(row.id);
  return page(visit, {
    title,
    place: 'movements',
    body: html`
      ${pageHeader(visit, {
        title,
        crumbs: [{ label: t.movements.title, href: paths.movements(organizationId) }],
        actions:
          canWrite &&
          isReversible(row) &&
          linkButton({
            label: t.movements.reverse,
            href: paths.reverseMovement(organizationId, shown.id),
            icon: 'retry',
            confirm: true,
          }),
      })}
      ${details(facts.filter(([, value]) => value !== false && value !== null))}
      ${row.note !== null && html`<p class="prose">${row.note}</p>`}`,
  });
}
