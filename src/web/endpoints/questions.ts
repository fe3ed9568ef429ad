import type { Endpoint } from '../../webhooks/endpoints/endpoint.ts';
import { confirm } from '../components/confirm.ts';
import { fieldsOf } from '../components/form.ts';
import { emptyForm, type FormState } from '../forms.ts';
import { type Content, type Html, html } from '../html.ts';
import { page } from '../layout.ts';
import { paths } from '../paths.ts';
import type { Visit } from '../visit.ts';
import { overlaps } from './schema.ts';
import { reasonIn, shortUrl } from './state.ts';

export const rotateEndpointPage = (visit: Visit, endpoint: Endpoint, form: FormState<'overlap'>): Html =>
  question(visit, endpoint, {
    title: visit.t.endpoints.rotateTitle,
    text: html`<p>${visit.t.endpoints.rotateLead}</p>`,
    fields: fieldsOf(visit, form).select({
      name: 'overlap',
      label: visit.t.endpoints.overlap,
      value: '24',
      choices: overlaps.map((value) => ({ value, label: visit.t.keys.overlaps(Number(value)) })),
    }),
    action: paths.rotateEndpoint,
    submit: visit.t.endpoints.rotateSubmit,
    isDanger: false,
  });

export const disableEndpointPage = (visit: Visit, endpoint: Endpoint): Html =>
  question(visit, endpoint, {
    title: visit.t.endpoints.disableTitle,
    text: html`<p>${visit.t.endpoints.disableLead}</p>`,
    action: paths.disableEndpoint,
    submit: visit.t.endpoints.disableSubmit,
  });

/** Offers to send what was missed, when there is any. */
export function enableEndpointPage(visit: Visit, endpoint: Endpoint, missed: number): Html {
  const { t } = visit;
  return question(visit, endpoint, {
    title: t.endpoints.enableTitle,
    text: html`<p>${endpoint.disabledReason && reasonIn(visit, endpoint.disabledReason)}</p>
      <p>${t.endpoints.enableLead}</p>
      <p>${missed === 0 ? t.endpoints.missedNone : t.endpoints.missed(missed)}</p>`,
    fields:
      missed > 0 &&
      fieldsOf<'recover'>(visit, emptyForm).choices({
        name: 'recover',
        label: t.endpoints.enableRecover,
        chosen: ['yes'],
        choices: [
          { value: 'yes', label: t.endpoints.enableRecoverYes },
          { value: 'no', label: t.endpoints.enableRecoverNo },
        ],
      }),
    action: paths.enableEndpoint,
    submit: t.endpoints.enableSubmit,
    isDanger: false,
  });
}

export const deleteEndpointPage = (visit: Visit, endpoint: Endpoint): Html =>
  question(visit, endpoint, {
    title: visit.t.endpoints.deleteTitle,
    text: html`<p>${visit.t.endpoints.deleteLead}</p>`,
    action: paths.deleteEndpoint,
    submit: visit.t.endpoints.deleteSubmit,
  });

interface Question {
  title: string;
  text: Content;
  fields?: Content;
  action(organizationId: number, id: number): string;
  submit: string;
  isDanger?: boolean;
}

const question = (visit: Visit, { id, url }: Endpoint, { text, action, ...asked }: Question): Html =>
  page(visit, {
    title: asked.title,
    place: 'endpoints',
    body: confirm(visit, {
      ...asked,
      text: html`<p><code>${shortUrl(url)}</code></p>${text}`,
      action: action(visit.organizationId, id),
      back: paths.endpoint(visit.organizationId, id),
    }),
  });
