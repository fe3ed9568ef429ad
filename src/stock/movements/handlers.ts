import type { Context } from 'koa';
import type { Services } from '../../app.ts';
import { badRequest, notFound } from '../../errors.ts';
import { keyOf } from '../../http/auth.ts';
import { readJsonObject } from '../../http/json-body.ts';
import { answerList, pagingParameters } from '../../http/list.ts';
import { asId, readQuery } from '../../http/query.ts';
import { withoutNulls } from '../../http/validate.ts';
import { readStockFilter, readStockQuery } from '../read-filters.ts';
import { findMovements, movementList, presentMovement } from './list-movements.ts';
import { recordMovement } from './record-movement.ts';
import { type MovementKind, movementKinds, readNewMovement } from './schema.ts';

export function movementHandlers({ db, wakeDispatcher }: Services) {
  return {
    async list(ctx: Context) {
      const query = readStockQuery(ctx, ['kind', ...pagingParameters]);
      const kind = query.kind === undefined ? undefined : readKind(query.kind);
      const { organizationId } = keyOf(ctx);
      const filter = await readStockFilter(db, organizationId, query);
      await answerList(ctx, movementList(db, organizationId, filter && { ...filter, kind }), query);
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
      const input = readNewMovement(withoutNulls(await readJsonObject(ctx)));
      const key = keyOf(ctx);
      const { movementId, deliveries, ...summary } = await recordMovement({ pool: db.pool, key }, input);
      wakeDispatcher(deliveries);
      ctx.status = 201;
      ctx.set('Location', `/api/v1/movements/${movementId}`);
      ctx.body = { data: summary };
      if (prefersRepresentation(ctx))
        await representMovement(ctx, { movementId, isTransfer: input.kind === 'transfer' });
    },
  };

  async function representMovement(
    ctx: Context,
    { movementId, isTransfer }: { movementId: number; isTransfer: boolean },
  ) {
    const { organizationId } = keyOf(ctx);
    const rows = await findMovements(db, { organizationId, id: movementId, wholeTransfer: isTransfer });
    const movements = rows.map(presentMovement);
    ctx.set('Preference-Applied', 'return=representation');
    ctx.body = { data: isTransfer ? movements : movements[0] };
  }
}

/** RFC 7240: `Prefer: return=representation`, perhaps among others. */
const prefersRepresentation = (ctx: Context) =>
  ctx
    .get('Prefer')
    .split(',')
    .some((preference) => /^\s*return\s*=\s*"?representation"?\s*(;|$)/i.test(preference));

function readKind(text: string): MovementKind {
  const kind = movementKinds.find((known) => known === text);
  if (kind === undefined) throw badRequest(`\`kind\` must be one of ${movementKinds.join(', ')}.`);
  return kind;
}
