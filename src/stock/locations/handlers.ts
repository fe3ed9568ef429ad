import type { Context } from 'koa';
import { z } from 'zod';
import type { Services } from '../../app.ts';
import { keyOf } from '../../http/auth.ts';
import { label } from '../../http/fields.ts';
import { connectionOf } from '../../http/idempotency.ts';
import { readJsonObject } from '../../http/json-body.ts';
import { answerList, pagingParameters } from '../../http/list.ts';
import { readQuery } from '../../http/query.ts';
import { validate, withoutNulls } from '../../http/validate.ts';
import { createLocation } from './create-location.ts';
import { locationList, presentLocation } from './list-locations.ts';

const NewLocation = z.strictObject({ name: label(255) });

export function locationHandlers({ db }: Services) {
  return {
    async list(ctx: Context) {
      const query = readQuery(ctx, pagingParameters);
      await answerList(ctx, locationList(db, keyOf(ctx).organizationId), query);
    },

    async create(ctx: Context) {
      readQuery(ctx, []);
      const { name } = validate(NewLocation, withoutNulls(await readJsonObject(ctx)));
      const location = await createLocation(connectionOf(ctx, db), { organizationId: keyOf(ctx).organizationId, name });
      ctx.status = 201;
      ctx.body = { data: presentLocation(location) };
    },
  };
}
