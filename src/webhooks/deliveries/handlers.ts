import type { Context } from 'koa';
import type { Services } from '../../app.ts';
import { badRequest, notFound } from '../../errors.ts';
import { keyOf } from '../../http/auth.ts';
import { connectionOf } from '../../http/idempotency.ts';
import { answerList, listParameters } from '../../http/list.ts';
import { asId, isUuid, readChoice, readId, readInstant, readQuery } from '../../http/query.ts';
import { leave } from '../../http/wakes.ts';
import { deliveryUrl } from '../temporal-ui.ts';
import { type ControlDeps, cancelDelivery, retryDelivery } from './control.ts';
import {
  type DeliveryDetails,
  type DeliveryFilter,
  deliveryList,
  deliveryStatuses,
  findDelivery,
  listAttempts,
  presentDelivery,
} from './list-deliveries.ts';

const filterParameters = ['endpointId', 'eventId', 'event', 'status', 'since', 'until'] as const;

export function deliveryHandlers({ db, log, temporal, temporalUi }: Services) {
  /** In the transaction of the request's idempotency key, when it has one. */
  const controlOf = (ctx: Context): ControlDeps => ({ pool: connectionOf(ctx, db).pool, temporal, log });
  return {
    async list(ctx: Context) {
      const query = readQuery(ctx, [...filterParameters, ...listParameters]);
      await answerList(ctx, db, deliveryList(keyOf(ctx).organizationId, readFilter(query)), query);
    },

    async get(ctx: Context) {
      readQuery(ctx, []);
      const delivery = await deliveryOf(ctx);
      ctx.body = {
        data: {
          ...presentDelivery(delivery),
          temporalUrl: temporalUi === undefined ? null : deliveryUrl(temporalUi, keyOfWorkflow(delivery)),
          attempts: await listAttempts(db, Number(delivery.id)),
        },
      };
    },

    async retry(ctx: Context) {
      readQuery(ctx, []);
      const delivery = await deliveryOf(ctx);
      leave(ctx, await retryDelivery(controlOf(ctx), delivery));
      await answerAccepted(ctx);
    },

    async cancel(ctx: Context) {
      readQuery(ctx, []);
      await cancelDelivery(controlOf(ctx), await deliveryOf(ctx));
      await answerAccepted(ctx);
    },
  };

  async function deliveryOf(ctx: Context): Promise<DeliveryDetails> {
    const text: string = ctx.params.id;
    const id = asId(text);
    const delivery =
      id && (await findDelivery(connectionOf(ctx, db), { organizationId: keyOf(ctx).organizationId, id }));
    if (!delivery) throw notFound(`There is no delivery "${text}".`);
    return delivery;
  }

  async function answerAccepted(ctx: Context): Promise<void> {
    ctx.status = 202;
    ctx.body = { data: presentDelivery(await deliveryOf(ctx)) };
  }
}

const keyOfWorkflow = ({ endpoint_id, event_id, redelivery }: DeliveryDetails) => ({
  endpointId: Number(endpoint_id),
  eventId: event_id,
  redelivery,
});

function readFilter(query: Partial<Record<(typeof filterParameters)[number], string>>): DeliveryFilter {
  if (query.eventId !== undefined && !isUuid(query.eventId)) throw badRequest('`eventId` must be an event’s id.');
  return {
    ...query,
    endpointId: readId('endpointId', query.endpointId),
    status: readChoice('status', query.status, deliveryStatuses),
    since: readInstant('since', query.since),
    until: readInstant('until', query.until),
  };
}
