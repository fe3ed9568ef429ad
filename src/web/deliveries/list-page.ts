import { webhookRetry } from '../../../workflows/contract.ts';
import { type DeliveryDetails, deliveryStatuses } from '../../webhooks/deliveries/list-deliveries.ts';
import type { Endpoint } from '../../webhooks/endpoints/endpoint.ts';
import { everyEventType } from '../../webhooks/event-types.ts';
import { linkButton } from '../components/button.ts';
import { emptyState } from '../components/empty-state.ts';
import { countSet, filters } from '../components/filters.ts';
import { fieldsOf } from '../components/form.ts';
import { instantField } from '../components/instant-field.ts';
import { pageHeader } from '../components/page-header.ts';
import { pager } from '../components/pager.ts';
import { table } from '../components/table.ts';
import { dateTime } from '../components/time.ts';
import { eventName, shortUrl } from '../endpoints/state.ts';
import type { FormState } from '../forms.ts';
import { type Content, type Html, html } from '../html.ts';
import { page } from '../layout.ts';
import type { ListPage } from '../list-page.ts';
import { paths } from '../paths.ts';
import type { Visit } from '../visit.ts';
import { type FilterField, filterFields, isFiltered } from './schema.ts';
import { statusBadge, underWayBadge } from './state.ts';

export interface DeliveriesView {
  deliveries: ListPage<DeliveryDetails>;
  endpoints: Endpoint[];
  filter: FormState<FilterField>;
}

export function deliveriesPage(visit: Visit, { deliveries, endpoints, filter }: DeliveriesView): Html {
  const { t } = visit;
  const { rows } = deliveries;
  return page(visit, {
    title: t.deliveries.title,
    place: 'deliveries',
    body: html`
      ${pageHeader(visit, { title: t.deliveries.title, lead: t.deliveries.lead })}
      ${(rows.length > 0 || isFiltered(filter)) && filterForm(visit, endpoints, filter)}
      ${rows.length > 0 ? deliveryTable(visit, rows, { withEndpoint: true }) : empty(visit, filter)}
      ${pager(visit, { newer: deliveries.previous, older: deliveries.next })}`,
  });
}

function empty({ t, organizationId }: Visit, filter: FormState<FilterField>): Html {
  if (!isFiltered(filter))
    return emptyState({ icon: 'deliveries', title: t.deliveries.emptyTitle, text: t.deliveries.emptyText });
  return emptyState({
    icon: 'filter',
    title: t.deliveries.emptyFiltered,
    text: t.deliveries.emptyFilteredText,
    action: linkButton({ label: t.lists.clear, href: paths.deliveries(organizationId) }),
  });
}

/** A GET form, so that its address can be shared. */
function filterForm(visit: Visit, endpoints: Endpoint[], filter: FormState<FilterField>): Html {
  const { t, organizationId } = visit;
  const fields = fieldsOf(visit, filter);
  const all = { value: '', label: t.lists.all };
  const named = (values: readonly string[], labelOf: (value: string) => string) =>
    values.map((value) => ({ value, label: labelOf(value) }));
  return filters(visit, {
    action: paths.deliveries(organizationId),
    clear: isFiltered(filter) ? paths.deliveries(organizationId) : undefined,
    setCount: countSet(filterFields.map((name) => filter.values[name])),
    isOpen: Object.keys(filter.errors).length > 0,
    more: [
      fields.select({
        name: 'endpoint',
        label: t.deliveries.endpoint,
        choices: [all, ...endpoints.map(({ id, url }) => ({ value: String(id), label: shortUrl(url) }))],
      }),
      fields.select({
        name: 'event',
        label: t.deliveries.event,
        choices: [all, ...named([...everyEventType, 'webhook.test'], (type) => eventName(visit, type))],
      }),
      fields.select({
        name: 'status',
        label: t.deliveries.status,
        choices: [all, ...deliveryStatuses.map((value) => ({ value, label: t.deliveries.statuses[value] }))],
      }),
      instantField(visit, filter, { name: 'since', label: t.deliveries.since }),
      instantField(visit, filter, { name: 'until', label: t.deliveries.until }),
    ],
  });
}

export const deliveryTable = (
  visit: Visit,
  deliveries: DeliveryDetails[],
  { withEndpoint }: { withEndpoint: boolean },
): Html => {
  const { t, organizationId } = visit;
  return table({
    caption: t.deliveries.title,
    rows: deliveries,
    columns: [
      {
        label: t.deliveries.delivery,
        kind: 'title',
        cell: ({ id, event, url }) => html`<span class="stacked">
          <a href="${paths.delivery(organizationId, Number(id))}">${eventName(visit, event)} <span class="muted">#${id}</span></a>
          ${withEndpoint && html`<span class="hint clamped">${shortUrl(url)}</span>`}</span>`,
      },
      {
        label: t.deliveries.status,
        cell: (delivery) =>
          html`<span class="badges">${statusBadge(visit, delivery)}${underWayBadge(visit, delivery)}</span>`,
      },
      {
        label: t.deliveries.attempts,
        kind: 'number',
        cell: ({ attempts_made }) => t.deliveries.attemptsOf(attempts_made, webhookRetry.maxAttempts),
      },
      { label: t.deliveries.outcome, cell: (delivery) => outcomeOf(visit, delivery) },
      { label: t.deliveries.created, cell: ({ created_at }) => dateTime(visit, new Date(created_at)) },
    ],
  });
};

function outcomeOf({ t, format }: Visit, { last_failure, status, due_at }: DeliveryDetails): Content {
  const next = status === 'retrying' && t.deliveries.next(format.relative(new Date(due_at)));
  if (last_failure === null) return html`<span class="muted">${next || '—'}</span>`;
  return html`<span class="stacked"><span class="clamped">${t.deliveries.failure(last_failure)}</span>${next && html`<span class="hint">${next}</span>`}</span>`;
}
