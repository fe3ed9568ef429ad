import type { Endpoint } from '../../webhooks/endpoints/endpoint.ts';
import { defaultStatuses, type Recovery, recoverableStatuses } from '../../webhooks/recovery.ts';
import { badge } from '../components/badge.ts';
import { button, linkButton } from '../components/button.ts';
import { details } from '../components/details.ts';
import { errorSummary, fieldsOf } from '../components/form.ts';
import { instantField } from '../components/instant-field.ts';
import { liveRegion } from '../components/live-region.ts';
import { notice } from '../components/notice.ts';
import { pageHeader } from '../components/page-header.ts';
import { dateTime, timeToSecond } from '../components/time.ts';
import { eventName, shortUrl } from '../endpoints/state.ts';
import type { FormState } from '../forms.ts';
import { type Content, type Html, html } from '../html.ts';
import { page } from '../layout.ts';
import type { LivePart } from '../live.ts';
import { paths } from '../paths.ts';
import type { Visit } from '../visit.ts';
import { type RecoverField, recoverFields } from './schema.ts';

/** What to send again. A GET form: it leads to the count. */
export function recoverPage(visit: Visit, endpoint: Endpoint, form: FormState<RecoverField>): Html {
  const { t, organizationId } = visit;
  const fields = fieldsOf(visit, form);
  const dayAgo = new Date(Date.now() - 86_400_000).toISOString();
  return page(visit, {
    title: t.recoveries.title,
    place: 'endpoints',
    body: html`
      ${header(visit, endpoint, t.recoveries.lead)}
      <form method="get" action="${paths.recover(organizationId, endpoint.id)}" class="form form-wide" novalidate>
        <input type="hidden" name="count" value="1">
        ${errorSummary(visit, form, labelsOf(visit))}
        <div class="pair">
          ${instantField(visit, form, { name: 'since', label: t.recoveries.since, isOptional: false, value: dayAgo })}
          ${instantField(visit, form, { name: 'until', label: t.recoveries.until })}
        </div>
        ${fields.choices({
          name: 'events',
          type: 'checkbox',
          label: t.endpoints.events,
          chosen: endpoint.events,
          choices: endpoint.events.map((value) => ({ value, label: eventName(visit, value), code: value })),
        })}
        ${fields.choices({
          name: 'statuses',
          type: 'checkbox',
          label: t.recoveries.statuses,
          chosen: defaultStatuses,
          choices: recoverableStatuses.map((value) => ({ value, label: t.recoveries.statusNames[value] })),
        })}
        <div class="actions">
          ${linkButton({ label: t.common.cancel, href: paths.endpoint(organizationId, endpoint.id) })}
          ${button({ label: t.recoveries.count, kind: 'primary' })}
        </div>
      </form>`,
  });
}

const labelsOf = ({ t }: Visit): Record<RecoverField, string> => ({
  since: t.recoveries.since,
  until: t.recoveries.until,
  events: t.endpoints.events,
  statuses: t.recoveries.statuses,
});

export interface Counted {
  total: number;
  since: Date;
  until: Date | undefined;
  form: FormState<RecoverField>;
  /** The form with these choices, to change them. */
  changePath: string;
}

/** How much it is; nothing is sent before this page's button. */
export function countedPage(
  visit: Visit,
  endpoint: Endpoint,
  { total, since, until, form, changePath }: Counted,
): Html {
  const { t, organizationId } = visit;
  const range = html`${dateTime(visit, since)} – ${until ? dateTime(visit, until) : t.recoveries.now}`;
  const hidden = recoverFields.flatMap((name) =>
    (form.values[name] ?? '').split('\n').map((value) => html`<input type="hidden" name="${name}" value="${value}">`),
  );
  return page(visit, {
    title: t.recoveries.wouldBeSent(total),
    place: 'endpoints',
    body: html`
      ${header(visit, endpoint, undefined)}
      <form method="post" action="${paths.recover(organizationId, endpoint.id)}" class="confirm">
        ${hidden}
        <h2>${t.recoveries.wouldBeSent(total)}</h2>
        <div class="confirm-text"><p>${range}</p><p>${total === 0 ? t.recoveries.nothingText : t.recoveries.confirmLead}</p></div>
        ${endpoint.disabledAt !== null && notice({ tone: 'warning', content: html`${t.recoveries.isDisabled} <a href="${paths.enableEndpoint(organizationId, endpoint.id)}">${t.endpoints.enable}</a>` })}
        <div class="actions">
          ${linkButton({ label: t.recoveries.change, href: changePath })}
          ${total > 0 && endpoint.disabledAt === null && button({ label: t.recoveries.confirm, kind: 'primary' })}
        </div>
      </form>`,
  });
}

const header = (visit: Visit, { id, url }: Endpoint, lead: string | undefined): Html =>
  pageHeader(visit, {
    title: visit.t.recoveries.title,
    lead,
    crumbs: [
      { label: visit.t.endpoints.title, href: paths.endpoints(visit.organizationId) },
      { label: shortUrl(url), href: paths.endpoint(visit.organizationId, id) },
    ],
  });

export function recoveryPage(visit: Visit, recovery: Recovery, { id, url }: Endpoint): Html {
  const { t, organizationId } = visit;
  return page(visit, {
    title: t.recoveries.progressTitle,
    place: 'endpoints',
    body: html`
      ${pageHeader(visit, {
        title: t.recoveries.progressTitle,
        crumbs: [
          { label: t.endpoints.title, href: paths.endpoints(organizationId) },
          { label: shortUrl(url), href: paths.endpoint(organizationId, id) },
        ],
        actions: linkButton({
          label: t.recoveries.seeDeliveries,
          href: `${paths.deliveries(organizationId)}?endpoint=${id}`,
        }),
      })}
      ${liveRegion({
        part: recoveryPart(visit, recovery),
        source: paths.recoveryLive(organizationId, recovery.id),
        reload: html`<a href="${paths.recovery(organizationId, recovery.id)}">${t.recoveries.reload}</a>`,
      })}`,
  });
}

/** How far it is. */
export function recoveryPart(visit: Visit, recovery: Recovery): LivePart {
  const { t, format } = visit;
  const { recovered, endedAt } = recovery;
  // Events that failed meanwhile may join what was counted.
  const total = Math.max(recovery.total, recovered);
  const said = endedAt === null ? t.recoveries.progress(recovered, total) : t.recoveries.done(recovered);
  const facts: [string, Content][] = [
    [t.recoveries.startedAt, timeToSecond(visit, new Date(recovery.createdAt))],
    ...(endedAt === null
      ? []
      : [[t.recoveries.endedAt, timeToSecond(visit, new Date(endedAt))] satisfies [string, Content]]),
    [t.recoveries.since, dateTime(visit, new Date(recovery.since))],
    [t.recoveries.until, dateTime(visit, new Date(recovery.until))],
    [t.endpoints.events, recovery.events.map((event) => html`<span class="line">${eventName(visit, event)}</span>`)],
  ];
  return {
    html: html`<div class="progress">
      <p class="progress-head">${endedAt === null ? badge({ tone: 'warning', icon: 'retry', label: t.recoveries.running }) : badge({ tone: 'good', label: t.recoveries.finished })}
        <strong>${said}</strong> <span class="muted">${total > 0 && format.percent(recovered / total)}</span></p>
      <progress max="${Math.max(total, 1)}" value="${total === 0 ? 1 : recovered}" aria-label="${t.recoveries.progressTitle}">${said}</progress>
    </div>${details(facts)}`,
    said,
    state: endedAt === null ? 'near' : 'done',
  };
}
