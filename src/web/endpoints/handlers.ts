import type { Context } from 'koa';
import type { Services } from '../../app.ts';
import { ApiError } from '../../errors.ts';
import { createEndpoint } from '../../webhooks/endpoints/create-endpoint.ts';
import { deleteEndpoint } from '../../webhooks/endpoints/delete-endpoint.ts';
import { disableEndpoint } from '../../webhooks/endpoints/disable-endpoint.ts';
import { countMissed, enableEndpoint } from '../../webhooks/endpoints/enable-endpoint.ts';
import type { EndpointId } from '../../webhooks/endpoints/endpoint.ts';
import { endpointHealth, outcomesOfDay } from '../../webhooks/endpoints/endpoint-health.ts';
import { findEndpoint, listEndpoints } from '../../webhooks/endpoints/find-endpoint.ts';
import { rotateSecret } from '../../webhooks/endpoints/rotate-secret.ts';
import { sendTestEvent } from '../../webhooks/endpoints/send-test-event.ts';
import { updateEndpoint } from '../../webhooks/endpoints/update-endpoint.ts';
import { failingDeliveriesUrl } from '../../webhooks/temporal-ui.ts';
import { latestDeliveries } from '../deliveries/latest.ts';
import { emptyForm, parseForm, readForm, severalOf } from '../forms.ts';
import { idOf } from '../parameters.ts';
import { paths } from '../paths.ts';
import { redirectSaying, show } from '../respond.ts';
import { visitOf } from '../visit.ts';
import { editEndpointPage, newEndpointPage } from './form-page.ts';
import { endpointPage, endpointsPage } from './pages.ts';
import { deleteEndpointPage, disableEndpointPage, enableEndpointPage, rotateEndpointPage } from './questions.ts';
import { EnableForm, EndpointForm, endpointFields, keptHeaders, RotateForm } from './schema.ts';

/** Pages of an organization's webhook endpoints. */
export function endpointPages(services: Services) {
  const { db, secrets, temporalUi, wakeDispatcher } = services;
  const deps = { pool: db.pool, secrets };
  const ownId = (ctx: Context): EndpointId => ({ organizationId: visitOf(ctx).organizationId, id: idOf(ctx) });
  const find = (ctx: Context) => findEndpoint(deps, ownId(ctx));
  const pathOf = ({ organizationId, id }: EndpointId) => paths.endpoint(organizationId, id);

  /** On to the endpoint's page, which shows the secret this once. It waits there sealed. */
  const showSecretOnce = (ctx: Context, endpoint: EndpointId, secret: string) =>
    redirectSaying(services, ctx, pathOf(endpoint), '', {
      sealedSecret: secrets.seal(secret, visitOf(ctx).session.id),
    });

  return {
    async list(ctx: Context) {
      const visit = visitOf(ctx);
      const [endpoints, outcomes] = await Promise.all([
        listEndpoints(deps, visit.organizationId),
        outcomesOfDay(db, visit.organizationId),
      ]);
      await show(ctx, endpointsPage(visit, endpoints, outcomes));
    },

    async get(ctx: Context) {
      const visit = visitOf(ctx);
      const endpoint = await find(ctx);
      const [health, deliveries] = await Promise.all([
        endpointHealth(db, ownId(ctx)),
        latestDeliveries(db, ownId(ctx)),
      ]);
      const sealed = visit.flash?.sealedSecret;
      const secret = sealed && secrets.open(sealed, visit.session.id);
      const temporalUrl = temporalUi && failingDeliveriesUrl(temporalUi, endpoint.id);
      await show(ctx, endpointPage(visit, { endpoint, health, deliveries, secret, temporalUrl }));
    },

    async new(ctx: Context) {
      await show(ctx, newEndpointPage(visitOf(ctx), emptyForm));
    },

    async create(ctx: Context) {
      const visit = visitOf(ctx);
      const parsed = parseForm(visit, EndpointForm, severalOf(await readForm(ctx), ['events']), endpointFields);
      if ('form' in parsed) return show(ctx, newEndpointPage(visit, parsed.form), 422);
      const { organizationId } = visit;
      const { id, secret } = await createEndpoint(deps, { organizationId, ...parsed.input });
      await showSecretOnce(ctx, { organizationId, id }, secret);
    },

    async edit(ctx: Context) {
      await show(ctx, editEndpointPage(visitOf(ctx), await find(ctx), emptyForm));
    },

    async update(ctx: Context) {
      const visit = visitOf(ctx);
      const endpoint = await find(ctx);
      const sent = severalOf(await readForm(ctx), ['events']);
      const parsed = parseForm(visit, EndpointForm, sent, endpointFields);
      if ('form' in parsed) return show(ctx, editEndpointPage(visit, endpoint, parsed.form), 422);
      const { description = null, maxConcurrency = null, maxPerSecond = null, ...input } = parsed.input;
      const kept = keptHeaders(sent.get('headers'));
      const headers = Object.fromEntries(Object.entries(input.headers).filter(([name]) => !kept.includes(name)));
      const patch = { ...input, description, maxConcurrency, maxPerSecond, headers, keptHeaders: kept };
      await updateEndpoint({ db, secrets }, ownId(ctx), patch);
      await redirectSaying(services, ctx, pathOf(ownId(ctx)), visit.t.endpoints.saved);
    },

    async confirmRotate(ctx: Context) {
      await show(ctx, rotateEndpointPage(visitOf(ctx), await find(ctx), emptyForm));
    },

    async rotate(ctx: Context) {
      const visit = visitOf(ctx);
      const parsed = parseForm(visit, RotateForm, await readForm(ctx), ['overlap']);
      if ('form' in parsed) return show(ctx, rotateEndpointPage(visit, await find(ctx), parsed.form), 422);
      const { secret } = await rotateSecret(deps, ownId(ctx), Number(parsed.input.overlap));
      await showSecretOnce(ctx, ownId(ctx), secret);
    },

    /** On to the delivery's page, where the answer appears. */
    async test(ctx: Context) {
      const { t, organizationId } = visitOf(ctx);
      try {
        const { deliveryId } = await sendTestEvent(deps, ownId(ctx), null);
        wakeDispatcher(1);
        await redirectSaying(services, ctx, paths.delivery(organizationId, deliveryId), t.endpoints.testSent);
      } catch (error) {
        if (!(error instanceof ApiError && error.status === 409)) throw error;
        await redirectSaying(services, ctx, pathOf(ownId(ctx)), t.endpoints.testWhileDisabled, { kind: 'problem' });
      }
    },

    async confirmDisable(ctx: Context) {
      await show(ctx, disableEndpointPage(visitOf(ctx), await find(ctx)));
    },

    async disable(ctx: Context) {
      await disableEndpoint(deps, ownId(ctx));
      await redirectSaying(services, ctx, pathOf(ownId(ctx)), visitOf(ctx).t.endpoints.disabledDone);
    },

    async confirmEnable(ctx: Context) {
      const endpoint = await find(ctx);
      await show(ctx, enableEndpointPage(visitOf(ctx), endpoint, await countMissed({ db }, ownId(ctx))));
    },

    /** With what it missed: on to the page that shows how far that is. */
    async enable(ctx: Context) {
      const visit = visitOf(ctx);
      const parsed = parseForm(visit, EnableForm, await readForm(ctx), ['recover']);
      const wantsMissed = 'input' in parsed && parsed.input.recover === 'yes';
      const { recovery } = await enableEndpoint({ db, secrets }, ownId(ctx), wantsMissed ? {} : undefined);
      if (recovery === undefined)
        return redirectSaying(services, ctx, pathOf(ownId(ctx)), visit.t.endpoints.enabledDone);
      const path = paths.recovery(visit.organizationId, recovery.id);
      await redirectSaying(services, ctx, path, visit.t.endpoints.enabledDone);
    },

    async confirmDelete(ctx: Context) {
      await show(ctx, deleteEndpointPage(visitOf(ctx), await find(ctx)));
    },

    async delete(ctx: Context) {
      const { t, organizationId } = visitOf(ctx);
      await deleteEndpoint(deps, ownId(ctx));
      await redirectSaying(services, ctx, paths.endpoints(organizationId), t.endpoints.deletedDone);
    },
  };
}
