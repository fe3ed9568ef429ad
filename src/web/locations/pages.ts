import { etagOf } from '../../http/etag.ts';
import type { findLocation, LocationColumns } from '../../stock/locations/list-locations.ts';
import { badge } from '../components/badge.ts';
import { button, linkButton } from '../components/button.ts';
import { emptyState } from '../components/empty-state.ts';
import { filters, filterText } from '../components/filters.ts';
import { errorSummary, fieldsOf } from '../components/form.ts';
import { lowNotice } from '../components/low-notice.ts';
import { notice } from '../components/notice.ts';
import { pageHeader } from '../components/page-header.ts';
import { pager } from '../components/pager.ts';
import { table } from '../components/table.ts';
import { day } from '../components/time.ts';
import type { FormState } from '../forms.ts';
import { type Html, html } from '../html.ts';
import { page } from '../layout.ts';
import type { ListPage } from '../list-page.ts';
import { paths } from '../paths.ts';
import type { Visit } from '../visit.ts';

type Location = NonNullable<Awaited<ReturnType<typeof findLocation>>>;

export interface LocationRow extends LocationColumns {
  /** How many parts are on hand there. */
  stocked: number;
}

export interface StockRow {
  part_id: string;
  sku: string;
  part_name: string;
  location_id: string;
  location: string;
  on_hand: string;
  unit: string;
  minimum: string | null;
}

export type LocationForm = FormState<'name' | 'externalId'>;

export function locationsPage(
  visit: Visit,
  { q, locations }: { q: string | undefined; locations: ListPage<LocationRow> },
): Html {
  const { t, format, canWrite, organizationId } = visit;
  const create = linkButton({
    label: t.locations.create,
    href: paths.newLocation(organizationId),
    kind: 'primary',
    icon: 'add',
  });
  const isEmpty = locations.rows.length === 0 && q === undefined;
  return page(visit, {
    title: t.locations.title,
    place: 'locations',
    body: html`
      ${lowNotice(visit)}
      ${pageHeader(visit, { title: t.locations.title, lead: t.locations.lead, actions: !isEmpty && canWrite && create })}
      ${
        isEmpty
          ? emptyState({
              icon: 'building',
              title: t.locations.emptyTitle,
              text: t.locations.emptyText,
              action: canWrite && create,
            })
          : html`${search(visit, paths.locations(organizationId), q)}${
              locations.rows.length === 0
                ? nothingFound(visit, paths.locations(organizationId))
                : table<LocationRow>({
                    caption: t.locations.title,
                    rows: locations.rows,
                    columns: [
                      {
                        label: t.locations.name,
                        kind: 'title',
                        cell: ({ id, name }) =>
                          html`<a class="row-link" href="${paths.location(organizationId, Number(id))}">${name}</a>`,
                      },
                      {
                        label: t.locations.stocked,
                        kind: 'number',
                        cell: ({ stocked }) => html`<span>${format.number(stocked)}</span>`,
                      },
                      {
                        label: t.locations.externalId,
                        cell: ({ external_id }) =>
                          external_id === null ? html`<span class="muted">–</span>` : html`<code>${external_id}</code>`,
                      },
                      { label: t.locations.changed, cell: ({ updated_at }) => day(visit, new Date(updated_at)) },
                    ],
                  })
            }`
      }
      ${pager(visit, { newer: locations.previous, older: locations.next }, t.lists)}`,
  });
}

const search = (visit: Visit, action: string, q: string | undefined): Html =>
  filters(visit, {
    action,
    clear: q === undefined ? undefined : action,
    search: filterText({ name: 'q', label: visit.t.lists.search, value: q, type: 'search', isWide: true }),
  });

const nothingFound = ({ t }: Visit, clear: string): Html =>
  emptyState({
    icon: 'search',
    title: t.lists.nothingTitle,
    text: t.lists.nothingText,
    action: linkButton({ label: t.lists.clear, href: clear }),
  });

interface LocationView {
  location: Location;
  q: string | undefined;
  stock: ListPage<StockRow>;
}

export function locationPage(visit: Visit, { location, q, stock }: LocationView): Html {
  const { t, format, canWrite, organizationId } = visit;
  const own = paths.location(organizationId, location.id);
  const isEmpty = stock.rows.length === 0 && q === undefined;
  const isShort = ({ on_hand, minimum }: StockRow) => minimum !== null && Number(on_hand) <= Number(minimum);
  return page(visit, {
    title: location.name,
    place: 'locations',
    body: html`
      ${pageHeader(visit, {
        title: location.name,
        lead: location.externalId != null && html`<code>${location.externalId}</code>`,
        crumbs: [{ label: t.locations.title, href: paths.locations(organizationId) }],
        actions: [
          linkButton({
            label: t.locations.itsMovements,
            href: `${paths.movements(organizationId)}?location=${location.id}`,
            icon: 'movements',
          }),
          canWrite && linkButton({ label: t.locations.rename, href: paths.editLocation(organizationId, location.id) }),
        ],
      })}
      ${
        isEmpty
          ? emptyState({ icon: 'parts', title: t.locations.nothingHere, text: t.locations.nothingHereText })
          : html`${search(visit, own, q)}${
              stock.rows.length === 0
                ? nothingFound(visit, own)
                : table<StockRow>({
                    caption: t.locations.stockHere,
                    rows: stock.rows,
                    columns: [
                      {
                        label: t.parts.sku,
                        kind: 'title',
                        cell: ({ part_id, sku }) =>
                          html`<a class="code row-link" href="${paths.part(organizationId, Number(part_id))}">${sku}</a>`,
                      },
                      { label: t.parts.name, cell: ({ part_name }) => html`<span class="clamp">${part_name}</span>` },
                      {
                        label: t.parts.onHand,
                        kind: 'number',
                        cell: ({ on_hand, unit }) =>
                          html`<span>${format.number(on_hand)} <span class="unit">${unit}</span></span>`,
                      },
                      {
                        label: t.parts.minimum,
                        kind: 'number',
                        cell: ({ minimum }) =>
                          minimum === null
                            ? html`<span class="muted">–</span>`
                            : html`<span>${format.number(minimum)}</span>`,
                      },
                      {
                        label: t.parts.state,
                        cell: (row) =>
                          isShort(row) ? badge({ tone: 'warning', label: t.parts.states.low }) : undefined,
                      },
                    ],
                  })
            }`
      }
      ${pager(visit, { newer: stock.previous, older: stock.next }, t.lists)}`,
  });
}

interface LocationFormView {
  location?: Location;
  /** The version that the form was opened with, when not the newest. */
  version?: string | undefined;
  form: LocationForm;
  /** Somebody else has changed it while the form was open. */
  isChanged?: boolean;
}

export function locationFormPage(visit: Visit, { location, version, form, isChanged }: LocationFormView): Html {
  const { t, organizationId } = visit;
  const title = location === undefined ? t.locations.createTitle : t.locations.renameTitle(location.name);
  const back = location === undefined ? paths.locations(organizationId) : paths.location(organizationId, location.id);
  const fields = fieldsOf(visit, form);
  return page(visit, {
    title,
    place: 'locations',
    body: html`
      ${pageHeader(visit, { title, crumbs: [{ label: t.locations.title, href: paths.locations(organizationId) }] })}
      <form method="post" action="${back}" class="form" novalidate>
        ${location && html`<input type="hidden" name="version" value="${version ?? etagOf(location)}">`}
        ${isChanged && location && notice({ tone: 'warning', content: t.locations.conflict(location.name), isAnswer: true })}
        ${errorSummary(visit, form, { name: t.locations.name, externalId: t.locations.externalId })}
        ${fields.text({ name: 'name', label: t.locations.name, hint: t.locations.nameHint, value: location?.name, maxLength: 255, isFocused: true })}
        ${fields.text({ name: 'externalId', label: t.locations.externalId, hint: t.locations.externalIdHint, value: location?.externalId, isOptional: true, maxLength: 255, isCode: true })}
        <div class="actions">
          ${linkButton({ label: t.common.cancel, href: back })}
          ${button({ label: location === undefined ? t.locations.submit : t.common.save, kind: 'primary' })}
        </div>
      </form>`,
  });
}
