import type { Context } from 'koa';
import type { Services } from '../../app.ts';
import { notFound } from '../../errors.ts';
import { keyOf } from '../../http/auth.ts';
import { answerList } from '../../http/list.ts';
import { isUuid, readQuery } from '../../http/query.ts';
import { findEvent } from './find-event.ts';
import { eventList, readEventTypes } from './list-events.ts';

export function eventHandlers({ db }: Services) {
  return {
    async list(ctx: Context) {
      const { types, after, limit } = readQuery(ctx, ['types', 'after', 'limit']);
      const list = eventList(keyOf(ctx).organizationId, readEventTypes(types));
      await answerList(ctx, db, list, { cursor: after, limit });
    },

    async get(ctx: Context) {
      readQuery(ctx, []);
      const id: string = ctx.params.id;
      const event = isUuid(id) ? await findEvent(db, { organizationId: keyOf(ctx).organizationId, id }) : undefined;
      if (event === undefined) throw notFound(`There is no event "${id}".`);
      ctx.body = { data: event };
    },
  };
}
