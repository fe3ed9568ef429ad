import type { Context } from 'koa';
import type { Services } from '../../app.ts';
import { notFound } from '../../errors.ts';
import { actorOf, keyOf } from '../../http/auth.ts';
import { batchLimitBytes } from '../../http/batch.ts';
import { idempotencyOf, isReplay } from '../../http/idempotency.ts';
import { readJsonObject } from '../../http/json-body.ts';
import { answerList, listParameters } from '../../http/list.ts';
import { asId, readQuery } from '../../http/query.ts';
import { withoutNulls } from '../../http/validate.ts';
import { leave } from '../../http/wakes.ts';
import { readStockFilter, readStockQuery } from '../read-filters.ts';
import { presentBatch, readBatch, wellFormed } from './batch.ts';
import {
  findMovements,
  movementFilterParameters,
  movementList,
  presentMovement,
  readMovementFilter,
} from './list-movements.ts';
import { recordMovements } from './record-movements.ts';
import { refusalError } from './refusal.ts';
import { readNewMovement } from './schema.ts';

export function movementHandlers({ db }: Services) {
  return {
    async list(ctx: Context) {
      const query = readStockQuery(ctx, [...movementFilterParameters, ...listParameters]);
      const { organizationId } = keyOf(ctx);
      const filter = readMovementFilter(query);
      const stock = await readStockFilter(db, organizationId, query);
      await answerList(ctx, db, movementList(organizationId, stock, filter), query);
    },

    async get(ctx: Context) {
      readQuery(ctx, []);
      const text: string = ctx.params.id;
      const id = asId(text);
      const [movement] =
        id === undefined ? [] : await findMovements(db, { organizationId: keyOf(ctx).organizationId, id });
      if (movement === undefined) throw notFound(`There is no movement "${text}".`);
      ctx.body = { data: presentMovement(movement) };
    },

    async create(ctx: Context) {
      readQuery(ctx, []);
      const movement = readNewMovement(withoutNulls(await readJsonObject(ctx)));
      const request = { movements: [movement], atomic: true, dryRun: false, idempotency: idempotencyOf(ctx) };
      const { verdict, outcomes, deliveries } = await recordMovements({ pool: db.pool, actor: actorOf(ctx) }, request);
      isReplay(ctx, verdict);
      const [outcome] = outcomes;
      if (outcome === undefined) throw new Error('the movement has no outcome');
      if (outcome.refusal !== null) throw refusalError(outcome, movement);
      leave(ctx, deliveries);
      const { refusal: _, movementId, ...summary } = outcome;
      ctx.status = 201;
      ctx.set('Location', `/api/v1/movements/${movementId}`);
      ctx.body = { data: summary };
      if (prefersRepresentation(ctx) && movementId !== null) await representMovement(ctx, movementId);
    },

    async createBatch(ctx: Context) {
      readQuery(ctx, []);
      const batch = readBatch(withoutNulls(await readJsonObject(ctx, batchLimitBytes)));
      const { atomic, dryRun } = batch;
      const request = { movements: wellFormed(batch), atomic, dryRun, idempotency: idempotencyOf(ctx) };
      const { verdict, outcomes, deliveries } = await recordMovements({ pool: db.pool, actor: actorOf(ctx) }, request);
      isReplay(ctx, verdict);
      const data = presentBatch(batch, outcomes);
      leave(ctx, deliveries);
      ctx.status = dryRun ? 200 : 201;
      ctx.body = { data };
    },
  };

  /** The full movement; of a transfer (and what reverses one) both rows. */
  async function representMovement(ctx: Context, movementId: number) {
    const rows = await findMovements(db, { organizationId: keyOf(ctx).organizationId, id: movementId, whole: true });
    const movements = rows.map(presentMovement);
    ctx.set('Preference-Applied', 'return=representation');
    ctx.body = { data: movements.length > 1 ? movements : movements[0] };
  }
}

/** RFC 7240: `Prefer: return=representation`, perhaps among others. */
const prefersRepresentation = (ctx: Context) =>
  ctx
    .get('Prefer')
    .split(',')
    .some((preference) => /^\s*return\s*=\s*"?representation"?\s*(;|$)/i.test(preference));
