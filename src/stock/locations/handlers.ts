import type { Context } from 'koa';
import type { Services } from '../../app.ts';
import { notFound } from '../../errors.ts';
import { actorOf, keyOf } from '../../http/auth.ts';
import { checkIfMatch, etagOf } from '../../http/etag.ts';
import { connectionOf } from '../../http/idempotency.ts';
import { readJsonObject } from '../../http/json-body.ts';
import { answerList, listParameters } from '../../http/list.ts';
import { readQuery } from '../../http/query.ts';
import { readMergePatch, validate, withoutNulls } from '../../http/validate.ts';
import { leave } from '../../http/wakes.ts';
import { checkBy, findReference } from '../find-reference.ts';
import { createLocation } from './create-location.ts';
import {
  findLocation,
  locationFilterParameters,
  locationList,
  presentLocation,
  readLocationFilter,
} from './list-locations.ts';
import { LocationPatch, NewLocation, patchRules } from './schema.ts';
import { updateLocation } from './update-location.ts';

export function locationHandlers({ db }: Services) {
  return {
    async list(ctx: Context) {
      const query = readQuery(ctx, [...locationFilterParameters, ...listParameters]);
      await answerList(ctx, db, locationList(keyOf(ctx).organizationId, readLocationFilter(query)), query);
    },

    async get(ctx: Context) {
      const id = await locationIdOf(ctx);
      const location = await findLocation(db, { organizationId: keyOf(ctx).organizationId, id });
      if (location === undefined) throw notFound('There is no such location.');
      ctx.set('ETag', etagOf(location));
      ctx.body = { data: presentLocation(location) };
    },

    async create(ctx: Context) {
      readQuery(ctx, []);
      const input = validate(NewLocation, withoutNulls(await readJsonObject(ctx)));
      const { location, deliveries } = await createLocation({ db: connectionOf(ctx, db), actor: actorOf(ctx) }, input);
      leave(ctx, deliveries);
      ctx.status = 201;
      ctx.set('ETag', etagOf(location));
      ctx.set('Location', `/api/v1/locations/${location.id}?by=id`); // another location may have this number as its name
      ctx.body = { data: presentLocation(location) };
    },

    async update(ctx: Context) {
      const patch = readMergePatch(LocationPatch, await readJsonObject(ctx), patchRules);
      const { location, deliveries } = await updateLocation(
        { db: connectionOf(ctx, db), actor: actorOf(ctx) },
        { id: await locationIdOf(ctx), patch, check: (current) => checkIfMatch(ctx, etagOf(current)) },
      );
      leave(ctx, deliveries);
      ctx.set('ETag', etagOf(location));
      ctx.body = { data: presentLocation(location) };
    },
  };

  async function locationIdOf(ctx: Context): Promise<number> {
    const by = checkBy(readQuery(ctx, ['by']).by, ['id', 'name']);
    const text: string = ctx.params.id;
    const id = await findReference(db, 'location', { organizationId: keyOf(ctx).organizationId, text, by });
    if (id === undefined) throw notFound(`There is no location "${text}".`);
    return id;
  }
}
