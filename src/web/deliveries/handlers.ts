import { isGrpcServiceError, ServiceError } from '@temporalio/client';
import type { Context } from 'koa';
import type { Services } from '../../app.ts';
import { ApiError, notFound } from '../../errors.ts';
import { type ControlDeps, cancelDelivery, retryDelivery } from '../../webhooks/deliveries/control.ts';
import { deliveryMessage } from '../../webhooks/deliveries/delivery-message.ts';
import {
  type DeliveryDetails,
  deliveryList,
  findDelivery,
  listAttempts,
} from '../../webhooks/deliveries/list-deliveries.ts';
import { listEndpoints } from '../../webhooks/endpoints/find-endpoint.ts';
import { deliveryUrl } from '../../webhooks/temporal-ui.ts';
import { parseForm, querySent } from '../forms.ts';
import { readListPage } from '../list-page.ts';
import type { AnswerLive } from '../live.ts';
import { idOf } from '../parameters.ts';
import { paths } from '../paths.ts';
import { redirectSaying, show } from '../respond.ts';
import { visitOf } from '../visit.ts';
import { deliveriesPage } from './list-page.ts';
import { cancelDeliveryPage, deliveryPage, deliveryPart } from './page.ts';
import { FilterForm, filterFields, filterOf } from './schema.ts';

const newestFirst = '-id';

/** Pages of an organization's deliveries. */
export function deliveryPages(services: Services, answerLive: AnswerLive) {
  const { db, log, secrets, temporal, temporalUi, wakeDispatcher } = services;
  const deps = { pool: db.pool, secrets };
  const control: ControlDeps = { pool: db.pool, temporal, log };

  async function find(ctx: Context): Promise<DeliveryDetails> {
    const delivery = await findDelivery(db, { organizationId: visitOf(ctx).organizationId, id: idOf(ctx) });
    if (delivery === undefined) throw notFound('There is no such delivery.');
    return delivery;
  }
  async function viewOf(ctx: Context) {
    const delivery = await find(ctx);
    const { endpoint_id, event_id, redelivery } = delivery;
    return {
      delivery,
      attempts: await listAttempts(db, Number(delivery.id)),
      temporalUrl:
        temporalUi && deliveryUrl(temporalUi, { endpointId: Number(endpoint_id), eventId: event_id, redelivery }),
    };
  }
  /** Back to the delivery's page, which says what became of it. */
  const say = (ctx: Context, message: string, kind: 'done' | 'problem' = 'done') =>
    redirectSaying(services, ctx, paths.delivery(visitOf(ctx).organizationId, idOf(ctx)), message, { kind });

  return {
    async list(ctx: Context) {
      const visit = visitOf(ctx);
      const { organizationId } = visit;
      const sent = querySent(ctx);
      const parsed = parseForm(visit, FilterForm, sent, filterFields);
      const endpoints = await listEndpoints(deps, organizationId);
      if ('form' in parsed) {
        const deliveries = { rows: [], sort: newestFirst, previous: undefined, next: undefined };
        return show(ctx, deliveriesPage(visit, { deliveries, endpoints, filter: parsed.form }), 422);
      }
      const list = deliveryList(organizationId, filterOf(parsed.input));
      const deliveries = await readListPage(ctx, db, list, { sortBy: [newestFirst] });
      const values = Object.fromEntries(filterFields.map((name) => [name, sent.get(name)]));
      await show(ctx, deliveriesPage(visit, { deliveries, endpoints, filter: { values, errors: {} } }));
    },

    async get(ctx: Context) {
      const view = await viewOf(ctx);
      const message = await deliveryMessage(deps, view.delivery);
      await show(ctx, deliveryPage(visitOf(ctx), { ...view, message }));
    },

    async live(ctx: Context) {
      await answerLive(ctx, async () => deliveryPart(visitOf(ctx), await viewOf(ctx)));
    },

    async retry(ctx: Context) {
      const { t } = visitOf(ctx);
      try {
        wakeDispatcher(await retryDelivery(control, await find(ctx)));
        await say(ctx, t.deliveries.retryDone);
      } catch (error) {
        const isAway = error instanceof ServiceError || isGrpcServiceError(error);
        if (isAway) return say(ctx, t.deliveries.temporalAway, 'problem');
        if (!(error instanceof ApiError && error.status === 409)) throw error;
        const isRunning = error.code === 'already_running';
        await say(ctx, isRunning ? t.deliveries.alreadyRunning : t.deliveries.justEnded, 'problem');
      }
    },

    async confirmCancel(ctx: Context) {
      await show(ctx, cancelDeliveryPage(visitOf(ctx), await find(ctx)));
    },

    async cancel(ctx: Context) {
      const { t } = visitOf(ctx);
      try {
        await cancelDelivery(control, await find(ctx));
        await say(ctx, t.deliveries.cancelled);
      } catch (error) {
        if (!(error instanceof ApiError && error.status === 409)) throw error;
        await say(ctx, t.deliveries.justEnded, 'problem');
      }
    },
  };
}
