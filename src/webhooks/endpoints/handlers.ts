import type { Context } from 'koa';
import type { Services } from '../../app.ts';
import { notFound } from '../../errors.ts';
import { keyOf } from '../../http/auth.ts';
import { checkIfMatch, etagOf } from '../../http/etag.ts';
import { connectionOf } from '../../http/idempotency.ts';
import { readJsonObject, readOptionalJsonObject } from '../../http/json-body.ts';
import { answerList, listParameters } from '../../http/list.ts';
import { asId, readQuery } from '../../http/query.ts';
import { readMergePatch, validate, withoutNulls } from '../../http/validate.ts';
import { leave } from '../../http/wakes.ts';
import { findRecovery, recoverDeliveriesOf } from '../recovery.ts';
import { failingDeliveriesUrl } from '../temporal-ui.ts';
import { createEndpoint } from './create-endpoint.ts';
import { deleteEndpoint } from './delete-endpoint.ts';
import { disableEndpoint } from './disable-endpoint.ts';
import { enableEndpoint } from './enable-endpoint.ts';
import type { Endpoint, EndpointId, EndpointRow } from './endpoint.ts';
import { endpointList, findEndpoint } from './find-endpoint.ts';
import { rotateSecret } from './rotate-secret.ts';
import { EnableEndpoint, EndpointPatch, NewEndpoint, patchRules, Recover, RotateSecret } from './schema.ts';
import { sendTestEvent } from './send-test-event.ts';
import { updateEndpoint } from './update-endpoint.ts';

const versionOf = ({ id, updatedAt }: Endpoint) => etagOf({ id, updatedAt: new Date(updatedAt) });

export function endpointHandlers({ db, secrets, temporalUi }: Services) {
  /** In the transaction of the request's idempotency key, when it has one. */
  const depsOf = (ctx: Context) => ({ pool: connectionOf(ctx, db).pool, secrets });
  const present = <T extends Endpoint>(endpoint: T) => ({
    ...endpoint,
    temporalUrl: temporalUi === undefined ? null : failingDeliveriesUrl(temporalUi, endpoint.id),
  });
  return {
    async list(ctx: Context) {
      const list = endpointList({ secrets }, keyOf(ctx).organizationId);
      const columns = [...list.columns, 'temporalUrl'];
      const shown = { ...list, columns, present: (row: EndpointRow) => present(list.present(row)) };
      await answerList(ctx, db, shown, readQuery(ctx, listParameters));
    },

    async get(ctx: Context) {
      const endpoint = await findEndpoint(depsOf(ctx), endpointOf(ctx));
      ctx.set('ETag', versionOf(endpoint));
      ctx.body = { data: present(endpoint) };
    },

    async create(ctx: Context) {
      readQuery(ctx, []);
      const input = validate(NewEndpoint, withoutNulls(await readJsonObject(ctx)));
      const { organizationId } = keyOf(ctx);
      const { id, secret } = await createEndpoint(depsOf(ctx), { organizationId, ...input });
      ctx.status = 201;
      ctx.set('Location', `/api/v1/webhook-endpoints/${id}`);
      const endpoint = await findEndpoint(depsOf(ctx), { organizationId, id });
      ctx.set('ETag', versionOf(endpoint));
      ctx.body = { data: { ...present(endpoint), secret } };
    },

    async update(ctx: Context) {
      const endpoint = endpointOf(ctx);
      const patch = readMergePatch(EndpointPatch, await readJsonObject(ctx), patchRules);
      const check = (current: Endpoint) => checkIfMatch(ctx, versionOf(current));
      const changed = await updateEndpoint({ db: connectionOf(ctx, db), secrets }, endpoint, { ...patch, check });
      ctx.set('ETag', versionOf(changed));
      ctx.body = { data: present(changed) };
    },

    async remove(ctx: Context) {
      await deleteEndpoint(depsOf(ctx), endpointOf(ctx));
      ctx.status = 204;
    },

    async enable(ctx: Context) {
      const endpoint = endpointOf(ctx);
      const { recover } = validate(EnableEndpoint, withoutNulls(await readOptionalJsonObject(ctx)));
      const enabled = await enableEndpoint({ db: connectionOf(ctx, db), secrets }, endpoint, recover);
      if (enabled.recovery !== undefined) {
        ctx.status = 202;
        ctx.set('Location', `/api/v1/recoveries/${enabled.recovery.id}`);
      }
      ctx.body = { data: present(enabled) };
    },

    async disable(ctx: Context) {
      ctx.body = { data: present(await disableEndpoint(depsOf(ctx), endpointOf(ctx))) };
    },

    async rotate(ctx: Context) {
      const endpoint = endpointOf(ctx);
      const { overlapHours } = validate(RotateSecret, withoutNulls(await readOptionalJsonObject(ctx)));
      ctx.body = { data: { id: endpoint.id, ...(await rotateSecret(depsOf(ctx), endpoint, overlapHours)) } };
    },

    async recover(ctx: Context) {
      const endpoint = endpointOf(ctx);
      const request = validate(Recover, withoutNulls(await readJsonObject(ctx)));
      const recovery = await recoverDeliveriesOf(connectionOf(ctx, db), endpoint, request);
      if ('id' in recovery) {
        ctx.status = 202;
        ctx.set('Location', `/api/v1/recoveries/${recovery.id}`);
      }
      ctx.body = { data: recovery };
    },

    async getRecovery(ctx: Context) {
      ctx.body = { data: await findRecovery(db, idOf(ctx, 'recovery')) };
    },

    async test(ctx: Context) {
      const sent = await sendTestEvent(depsOf(ctx), endpointOf(ctx), keyOf(ctx).id);
      leave(ctx, 1);
      ctx.status = 202;
      ctx.set('Location', `/api/v1/deliveries/${sent.deliveryId}`);
      ctx.body = { data: sent };
    },
  };
}

const endpointOf = (ctx: Context) => idOf(ctx, 'webhook endpoint');

function idOf(ctx: Context, noun: string): EndpointId {
  readQuery(ctx, []);
  const text: string = ctx.params.id;
  const id = asId(text);
  if (id === undefined) throw notFound(`There is no ${noun} "${text}".`);
  return { organizationId: keyOf(ctx).organizationId, id };
}
