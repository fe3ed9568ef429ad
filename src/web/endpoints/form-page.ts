import type { Endpoint } from '../../webhooks/endpoints/endpoint.ts';
import { eventTypes, everyEventType } from '../../webhooks/event-types.ts';
import { button, linkButton } from '../components/button.ts';
import { errorSummary, fieldsOf } from '../components/form.ts';
import { pageHeader } from '../components/page-header.ts';
import type { FormState } from '../forms.ts';
import { attributes, type Html, html } from '../html.ts';
import { page } from '../layout.ts';
import { paths } from '../paths.ts';
import type { Visit } from '../visit.ts';
import { type EndpointField, keptMark } from './schema.ts';
import { shortUrl } from './state.ts';

export const newEndpointPage = (visit: Visit, form: FormState<EndpointField>): Html => formPage(visit, form, undefined);

export const editEndpointPage = (visit: Visit, endpoint: Endpoint, form: FormState<EndpointField>): Html =>
  formPage(visit, form, endpoint);

function formPage(visit: Visit, form: FormState<EndpointField>, endpoint: Endpoint | undefined): Html {
  const { t, organizationId } = visit;
  const list = { label: t.endpoints.title, href: paths.endpoints(organizationId) };
  const own = endpoint && { label: shortUrl(endpoint.url), href: paths.endpoint(organizationId, endpoint.id) };
  const title = endpoint ? t.endpoints.editTitle : t.endpoints.createTitle;
  const action = endpoint ? paths.editEndpoint(organizationId, endpoint.id) : paths.endpoints(organizationId);
  return page(visit, {
    title,
    place: 'endpoints',
    body: html`
      ${pageHeader(visit, { title, crumbs: own ? [list, own] : [list] })}
      <form method="post" action="${action}" class="form form-wide" novalidate>
        ${errorSummary(visit, form, labelsOf(visit))}
        ${mainFields(visit, form, endpoint)}
        ${advanced(visit, form, endpoint)}
        <div class="actions">
          ${linkButton({ label: t.common.cancel, href: (own ?? list).href })}
          ${button({ label: endpoint ? t.common.save : t.endpoints.submit, kind: 'primary' })}
        </div>
      </form>`,
  });
}

const labelsOf = ({ t }: Visit): Record<EndpointField, string> => ({
  url: t.endpoints.url,
  description: t.endpoints.description,
  events: t.endpoints.events,
  headers: t.endpoints.headers,
  maxConcurrency: t.endpoints.maxConcurrency,
  maxPerSecond: t.endpoints.maxPerSecond,
});

function mainFields(visit: Visit, form: FormState<EndpointField>, endpoint: Endpoint | undefined): Html {
  const { t } = visit;
  const fields = fieldsOf(visit, form);
  const kept = endpoint?.headerNames.map((name) => `${name}: ${keptMark}`).join('\n');
  return html`
    ${fields.text({ name: 'url', type: 'url', label: t.endpoints.url, hint: t.endpoints.urlHint, value: endpoint?.url, maxLength: 2_000, isCode: true, isFocused: endpoint === undefined })}
    ${fields.text({ name: 'description', label: t.endpoints.description, hint: t.endpoints.descriptionHint, value: endpoint?.description, maxLength: 1_000, isOptional: true })}
    ${fields.choices({
      name: 'events',
      type: 'checkbox',
      label: t.endpoints.events,
      hint: t.endpoints.eventsHint,
      chosen: endpoint?.events ?? eventTypes,
      choices: everyEventType.map((value) => ({
        value,
        label: t.events[value]?.name ?? value,
        hint: t.events[value]?.hint ?? '',
        code: value,
      })),
    })}
    ${fields.textArea({
      name: 'headers',
      label: t.endpoints.headers,
      hint: kept ? `${t.endpoints.headersHint} ${t.endpoints.headersKept(keptMark)}` : t.endpoints.headersHint,
      value: kept ?? null,
      isOptional: true,
    })}`;
}

/** Open where a limit is set, or refused. */
function advanced(visit: Visit, form: FormState<EndpointField>, endpoint: Endpoint | undefined): Html {
  const { t } = visit;
  const fields = fieldsOf(visit, form);
  const { maxConcurrency = null, maxPerSecond = null } = endpoint ?? {};
  const isOpen =
    [maxConcurrency, maxPerSecond].some((limit) => limit !== null) ||
    Boolean(form.errors.maxConcurrency ?? form.errors.maxPerSecond);
  return html`<details class="advanced"${attributes({ open: isOpen })}>
    <summary>${t.endpoints.limits}</summary>
    <div class="advanced-fields">
      <p class="muted">${t.endpoints.limitsLead}</p>
      ${fields.text({ name: 'maxConcurrency', label: t.endpoints.maxConcurrency, hint: t.endpoints.maxConcurrencyHint, value: maxConcurrency?.toString(), inputMode: 'numeric', isOptional: true })}
      ${fields.text({ name: 'maxPerSecond', label: t.endpoints.maxPerSecond, hint: t.endpoints.maxPerSecondHint, value: maxPerSecond?.toString(), inputMode: 'decimal', isOptional: true })}
    </div>
  </details>`;
}
