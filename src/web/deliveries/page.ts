import { webhookRetry } from '../../../workflows/contract.ts';
import { comingAttempts } from '../../webhooks/deliveries/attempt-schedule.ts';
import type { DeliveryMessage } from '../../webhooks/deliveries/delivery-message.ts';
import { type Attempt, type DeliveryDetails, isAttemptUnderWay } from '../../webhooks/deliveries/list-deliveries.ts';
import { buttonForm, linkButton, outsideLink } from '../components/button.ts';
import { confirm } from '../components/confirm.ts';
import { details, section } from '../components/details.ts';
import { liveRegion } from '../components/live-region.ts';
import { pageHeader } from '../components/page-header.ts';
import { copyable } from '../components/secret.ts';
import { dateTime, timeToSecond } from '../components/time.ts';
import { eventName, shortUrl } from '../endpoints/state.ts';
import { type Content, type Html, html } from '../html.ts';
import { page } from '../layout.ts';
import type { LivePart } from '../live.ts';
import { paths } from '../paths.ts';
import type { Visit } from '../visit.ts';
import { statusBadge, underWayBadge } from './state.ts';
import { schedule, timeline } from './timeline.ts';

export interface DeliveryView {
  delivery: DeliveryDetails;
  attempts: Attempt[];
  message: DeliveryMessage;
  temporalUrl: string | undefined;
}

export function deliveryPage(visit: Visit, view: DeliveryView): Html {
  const { t, organizationId } = visit;
  const { delivery, message } = view;
  const id = Number(delivery.id);
  return page(visit, {
    title: titleOf(visit, delivery),
    place: 'deliveries',
    body: html`
      ${pageHeader(visit, {
        title: titleOf(visit, delivery),
        lead: html`→ <a href="${paths.endpoint(organizationId, Number(delivery.endpoint_id))}">${shortUrl(delivery.url)}</a>`,
        crumbs: [{ label: t.deliveries.title, href: paths.deliveries(organizationId) }],
      })}
      ${liveRegion({
        part: deliveryPart(visit, view),
        source: paths.deliveryLive(organizationId, id),
        reload: html`<a href="${paths.delivery(organizationId, id)}">${t.deliveries.reload}</a>`,
      })}
      ${request(visit, message)}`,
  });
}

const titleOf = (visit: Visit, { id, event }: DeliveryDetails) => `${eventName(visit, event)} #${id}`;

const nearMs = 10_000;

/** What changes while attempts are made. */
export function deliveryPart(visit: Visit, view: Omit<DeliveryView, 'message'>): LivePart {
  const { t } = visit;
  const { delivery, attempts } = view;
  const isNear = isAttemptUnderWay(delivery) || new Date(delivery.due_at).getTime() - Date.now() < nearMs;
  return {
    html: html`
      ${summary(visit, view)}
      ${section({
        id: 'timeline',
        title: t.deliveries.timeline,
        body: html`
          ${delivery.attempts_made > attempts.length && html`<p class="muted">${t.deliveries.logGone}</p>`}
          ${attempts.length === 0 ? html`<p class="muted">${t.deliveries.noAttempts}</p>` : timeline(visit, attempts)}`,
      })}
      ${comingSection(visit, delivery)}`,
    said: t.deliveries.said(t.deliveries.statuses[delivery.status], delivery.attempts_made),
    state: delivery.ended_at !== null ? 'done' : isNear ? 'near' : 'far',
  };
}

function comingSection(visit: Visit, delivery: DeliveryDetails): Content {
  const { t } = visit;
  const coming = comingAttempts(delivery);
  // While the first one has not been made, the whole schedule would only hide that it comes at once.
  if (coming.length === 0 || delivery.status === 'pending') return undefined;
  return section({
    id: 'schedule',
    title: t.deliveries.schedule,
    lead: t.deliveries.scheduleNote,
    body: schedule(visit, coming),
  });
}

function summary(visit: Visit, { delivery, temporalUrl }: Omit<DeliveryView, 'message'>): Html {
  const { t, canWrite, organizationId } = visit;
  const id = Number(delivery.id);
  return html`
    <div class="summary">
      <span class="badges">${statusBadge(visit, delivery)}${underWayBadge(visit, delivery)}</span>
      <div class="actions">
        ${temporalUrl && outsideLink({ label: t.deliveries.temporal, href: temporalUrl, newTab: t.deliveries.newTab })}
        ${canWrite && delivery.ended_at === null && linkButton({ label: t.deliveries.cancel, href: paths.cancelDelivery(organizationId, id), confirm: true })}
        ${retryButton(visit, delivery)}
      </div>
    </div>
    ${details(factsOf(visit, delivery))}`;
}

/** While an attempt is about to be made there is none to ask for; what has ended starts over. */
function retryButton({ t, canWrite, organizationId }: Visit, delivery: DeliveryDetails): Content {
  const isToStart = delivery.ended_at === null && delivery.dispatched_at === null;
  if (!canWrite || isToStart || isAttemptUnderWay(delivery)) return undefined;
  const action = paths.retryDelivery(organizationId, Number(delivery.id));
  return delivery.ended_at === null
    ? buttonForm({ label: t.deliveries.retry, action, icon: 'retry', kind: 'primary' })
    : buttonForm({ label: t.deliveries.sendAgain, action, icon: 'retry' });
}

function factsOf(visit: Visit, delivery: DeliveryDetails): [string, Content][] {
  const { t } = visit;
  const at = (instant: string) => timeToSecond(visit, new Date(instant));
  const next: [string, Content][] =
    delivery.ended_at === null
      ? [
          [
            t.deliveries.nextAttempt,
            html`${at(delivery.due_at)}${delivery.awaits_turn && html` <span class="muted">${t.deliveries.awaitsTurn}</span>`}`,
          ],
        ]
      : [[t.deliveries.ended, at(delivery.ended_at)]];
  return [
    [t.deliveries.event, html`${eventName(visit, delivery.event)} <code class="muted">${delivery.event}</code>`],
    [t.deliveries.attempts, t.deliveries.attemptsOf(delivery.attempts_made, webhookRetry.maxAttempts)],
    ...next,
    [t.deliveries.created, dateTime(visit, new Date(delivery.created_at))],
    ...(delivery.redelivery > 0
      ? [[t.deliveries.startedOver, t.deliveries.startedOverTimes(delivery.redelivery)] satisfies [string, Content]]
      : []),
    [t.deliveries.eventId, html`<code>${delivery.event_id}</code>`],
  ];
}

function request(visit: Visit, { body, bodyBytes, headers }: DeliveryMessage): Html {
  const { t, format } = visit;
  return section({
    id: 'request',
    title: t.deliveries.request,
    body: html`
      <div class="request-body"><h3>${t.deliveries.body} <span class="muted">${t.deliveries.bodyBytes(format.number(bodyBytes))}</span></h3>${copyable(visit, body)}</div>
      <div class="request-headers"><h3>${t.deliveries.headers}</h3>
      <dl class="headers">${headers.map(
        ([name, value]) =>
          html`<div><dt><code>${name}</code></dt><dd>${value === null ? html`<span class="muted">•••••• ${t.deliveries.hiddenHeader}</span>` : html`<code>${value}</code>`}</dd></div>`,
      )}</dl>
      <p class="hint">${t.deliveries.headersNote}</p></div>`,
  });
}

export const cancelDeliveryPage = (visit: Visit, delivery: DeliveryDetails): Html =>
  page(visit, {
    title: visit.t.deliveries.cancelTitle,
    place: 'deliveries',
    body: confirm(visit, {
      title: visit.t.deliveries.cancelTitle,
      text: html`<p><strong>${titleOf(visit, delivery)}</strong> → <code>${shortUrl(delivery.url)}</code></p><p>${visit.t.deliveries.cancelLead}</p>`,
      action: paths.cancelDelivery(visit.organizationId, Number(delivery.id)),
      submit: visit.t.deliveries.cancelSubmit,
      back: paths.delivery(visit.organizationId, Number(delivery.id)),
    }),
  });
