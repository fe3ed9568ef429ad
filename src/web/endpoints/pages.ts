import type { DeliveryDetails } from '../../webhooks/deliveries/list-deliveries.ts';
import type { Endpoint } from '../../webhooks/endpoints/endpoint.ts';
import type { HealthOver, HealthSpan, Outcomes } from '../../webhooks/endpoints/endpoint-health.ts';
import { buttonForm, linkButton, outsideLink } from '../components/button.ts';
import { details, section } from '../components/details.ts';
import { emptyState } from '../components/empty-state.ts';
import { notice } from '../components/notice.ts';
import { pageHeader } from '../components/page-header.ts';
import { secretOnce } from '../components/secret.ts';
import { table } from '../components/table.ts';
import { dateTime, day } from '../components/time.ts';
import { deliveryTable } from '../deliveries/list-page.ts';
import { type Content, type Html, html } from '../html.ts';
import { page } from '../layout.ts';
import { paths } from '../paths.ts';
import type { Visit } from '../visit.ts';
import { healthSection, shareIn } from './health.ts';
import { eventName, reasonIn, shortUrl, stateBadge } from './state.ts';

export function endpointsPage(visit: Visit, endpoints: Endpoint[], outcomes: Map<number, Outcomes>): Html {
  const { t, canWrite, organizationId } = visit;
  const create =
    canWrite &&
    linkButton({ label: t.endpoints.create, href: paths.newEndpoint(organizationId), kind: 'primary', icon: 'add' });
  return page(visit, {
    title: t.endpoints.title,
    place: 'endpoints',
    body: html`
      ${pageHeader(visit, { title: t.endpoints.title, lead: t.endpoints.lead, actions: endpoints.length > 0 && create })}
      ${
        endpoints.length === 0
          ? emptyState({
              icon: 'endpoints',
              title: t.endpoints.emptyTitle,
              text: t.endpoints.emptyText,
              action: create,
            })
          : endpointTable(visit, endpoints, outcomes)
      }`,
  });
}

const endpointTable = (visit: Visit, endpoints: Endpoint[], outcomes: Map<number, Outcomes>): Html => {
  const { t, organizationId } = visit;
  return table({
    caption: t.endpoints.title,
    rows: endpoints,
    columns: [
      {
        label: t.endpoints.url,
        kind: 'title',
        cell: ({ id, url, description }) => html`<span class="stacked">
          <a href="${paths.endpoint(organizationId, id)}">${shortUrl(url)}</a>
          ${description && html`<span class="hint clamped">${description}</span>`}</span>`,
      },
      { label: t.endpoints.state, cell: (endpoint) => stateBadge(visit, endpoint) },
      { label: t.endpoints.events, cell: ({ events }) => eventsInShort(visit, events) },
      { label: t.endpoints.successOfDay, kind: 'number', cell: ({ id }) => successOf(visit, outcomes.get(id)) },
      { label: t.endpoints.created, cell: ({ createdAt }) => day(visit, new Date(createdAt)) },
    ],
  });
};

const eventsInShort = (visit: Visit, events: string[]): Content =>
  events.length <= 2
    ? events.map((event) => eventName(visit, event)).join(', ')
    : html`<span title="${events.map((event) => eventName(visit, event)).join(', ')}">${visit.t.endpoints.eventCount(events.length)}</span>`;

const successOf = (visit: Visit, outcomes: Outcomes | undefined): Content =>
  outcomes === undefined ? html`<span class="muted">${visit.t.endpoints.noneOfDay}</span>` : shareIn(visit, outcomes);

export interface EndpointView {
  endpoint: Endpoint;
  health: Record<HealthSpan, HealthOver>;
  /** The latest ones. */
  deliveries: DeliveryDetails[];
  /** Shown this once. */
  secret: string | undefined;
  temporalUrl: string | undefined;
}

export function endpointPage(visit: Visit, view: EndpointView): Html {
  const { t, organizationId } = visit;
  const { endpoint, health, secret } = view;
  return page(visit, {
    title: shortUrl(endpoint.url),
    place: 'endpoints',
    body: html`
      ${pageHeader(visit, {
        title: html`<span class="title-url">${shortUrl(endpoint.url)}</span> ${stateBadge(visit, endpoint)}`,
        lead: endpoint.description,
        crumbs: [{ label: t.endpoints.title, href: paths.endpoints(organizationId) }],
        actions: mainActions(visit, endpoint),
      })}
      ${secret && secretOnce(visit, { title: t.endpoints.secretTitle, secret, more: html`<p>${t.endpoints.secretUse}</p>` })}
      ${whyDisabled(visit, endpoint)}
      ${healthSection(visit, health)}
      ${latestDeliveries(visit, view)}
      ${settings(visit, endpoint)}`,
  });
}

function mainActions({ t, canWrite, organizationId }: Visit, { id, disabledAt }: Endpoint): Content {
  if (!canWrite) return undefined;
  const test = { label: t.endpoints.test, action: paths.testEndpoint(organizationId, id), icon: 'deliveries' } as const;
  return [
    linkButton({ label: t.endpoints.edit, href: paths.editEndpoint(organizationId, id) }),
    disabledAt === null
      ? buttonForm({ ...test, kind: 'primary' })
      : linkButton({
          label: t.endpoints.enable,
          href: paths.enableEndpoint(organizationId, id),
          kind: 'primary',
          confirm: true,
        }),
  ];
}

const whyDisabled = (visit: Visit, { disabledAt, disabledReason }: Endpoint): Content =>
  disabledAt !== null &&
  notice({
    tone: 'warning',
    content: html`${reasonIn(visit, disabledReason ?? '')} ${visit.t.endpoints.disabledSince(visit.format.dateTime(new Date(disabledAt)))}`,
  });

function latestDeliveries(visit: Visit, { endpoint, deliveries, temporalUrl }: EndpointView): Html {
  const { t, canWrite, organizationId } = visit;
  const all = `${paths.deliveries(organizationId)}?endpoint=${endpoint.id}`;
  return section({
    id: 'deliveries',
    title: t.endpoints.recentDeliveries,
    lead: canWrite && t.endpoints.recoverLead,
    actions: html`<div class="actions">
      ${temporalUrl && outsideLink({ label: t.endpoints.failingInTemporal, href: temporalUrl, newTab: t.deliveries.newTab })}
      ${canWrite && linkButton({ label: t.endpoints.recover, href: paths.recover(organizationId, endpoint.id), icon: 'retry' })}
    </div>`,
    body:
      deliveries.length === 0
        ? html`<p class="muted">${t.deliveries.emptyTitle}</p>`
        : html`${deliveryTable(visit, deliveries, { withEndpoint: false })}<p><a href="${all}">${t.endpoints.allDeliveries}</a></p>`,
  });
}

function settings(visit: Visit, endpoint: Endpoint): Html {
  const { t, organizationId, canWrite } = visit;
  const { id, url, events, headerNames, maxConcurrency, maxPerSecond, createdAt, disabledAt } = endpoint;
  const ask = (label: string, href: string) => linkButton({ label, href, confirm: true });
  return section({
    id: 'settings',
    title: t.endpoints.settings,
    actions:
      canWrite &&
      html`<div class="actions">
        ${ask(t.endpoints.rotate, paths.rotateEndpoint(organizationId, id))}
        ${disabledAt === null && ask(t.endpoints.disable, paths.disableEndpoint(organizationId, id))}
        ${ask(t.endpoints.delete, paths.deleteEndpoint(organizationId, id))}
      </div>`,
    body: details([
      [t.endpoints.url, html`<code>${url}</code>`],
      [t.endpoints.events, events.map((event) => html`<span class="line">${eventName(visit, event)}</span>`)],
      [
        t.endpoints.headers,
        headerNames.length === 0 ? '—' : headerNames.map((name) => html`<code class="line">${name}: ••••••</code>`),
      ],
      [t.endpoints.maxConcurrency, maxConcurrency ?? t.endpoints.noLimit],
      [t.endpoints.maxPerSecond, maxPerSecond ?? t.endpoints.noLimit],
      [t.endpoints.created, dateTime(visit, new Date(createdAt))],
    ]),
  });
}
