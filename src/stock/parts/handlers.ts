import type { Context } from 'koa';
import type { Services } from '../../app.ts';
import { notFound } from '../../errors.ts';
import { actorOf, keyOf } from '../../http/auth.ts';
import { batchLimitBytes } from '../../http/batch.ts';
import { checkIfMatch, etagOf } from '../../http/etag.ts';
import { connectionOf } from '../../http/idempotency.ts';
import { readJsonObject } from '../../http/json-body.ts';
import { answerList, listParameters } from '../../http/list.ts';
import { readQuery } from '../../http/query.ts';
import { readMergePatch, validate, withoutNulls } from '../../http/validate.ts';
import { leave } from '../../http/wakes.ts';
import { checkBy, findReference } from '../find-reference.ts';
import { presentPutPart, readPartBatch } from './batch.ts';
import { createPart } from './create-part.ts';
import { findPart, partFilterParameters, partList, readPartFilter } from './list-parts.ts';
import { presentPart } from './present-part.ts';
import { putParts } from './put-parts.ts';
import { NewPart, PartPatch, patchRules } from './schema.ts';
import { updatePart } from './update-part.ts';

export function partHandlers({ db }: Services) {
  return {
    async list(ctx: Context) {
      const query = readQuery(ctx, [...partFilterParameters, ...listParameters]);
      await answerList(ctx, db, partList(keyOf(ctx).organizationId, readPartFilter(query)), query);
    },

    async get(ctx: Context) {
      const part = await findPart(db, { organizationId: keyOf(ctx).organizationId, id: await partIdOf(ctx) });
      if (part === undefined) throw notFound('There is no such part.');
      ctx.set('ETag', etagOf(part));
      ctx.body = { data: presentPart(part) };
    },

    async create(ctx: Context) {
      readQuery(ctx, []);
      const input = validate(NewPart, withoutNulls(await readJsonObject(ctx)));
      const { part, deliveries } = await createPart({ db: connectionOf(ctx, db), actor: actorOf(ctx) }, input);
      leave(ctx, deliveries);
      ctx.status = 201;
      ctx.set('ETag', etagOf(part));
      ctx.set('Location', `/api/v1/parts/${part.id}?by=id`); // another part may have this number as its sku
      ctx.body = { data: presentPart(part) };
    },

    async update(ctx: Context) {
      const patch = readMergePatch(PartPatch, await readJsonObject(ctx), patchRules);
      const { part, deliveries } = await updatePart(
        { db: connectionOf(ctx, db), actor: actorOf(ctx) },
        { id: await partIdOf(ctx), patch, check: (current) => checkIfMatch(ctx, etagOf(current)) },
      );
      leave(ctx, deliveries);
      ctx.set('ETag', etagOf(part));
      ctx.body = { data: presentPart(part) };
    },

    async putBatch(ctx: Context) {
      readQuery(ctx, []);
      const batch = readPartBatch(withoutNulls(await readJsonObject(ctx, batchLimitBytes)));
      const { results, deliveries } = await putParts({ db: connectionOf(ctx, db), actor: actorOf(ctx) }, batch);
      leave(ctx, deliveries);
      ctx.body = { data: results.map(presentPutPart) };
    },
  };

  async function partIdOf(ctx: Context): Promise<number> {
    const by = checkBy(readQuery(ctx, ['by']).by, ['id', 'sku']);
    const text: string = ctx.params.id;
    const id = await findReference(db, 'part', { organizationId: keyOf(ctx).organizationId, text, by });
    if (id === undefined) throw notFound(`There is no part "${text}".`);
    return id;
  }
}
