import type { Context } from 'koa';
import type { Services } from '../../app.ts';
import { keyOf } from '../../http/auth.ts';
import { answerList, listParameters } from '../../http/list.ts';
import { readStockFilter, readStockQuery } from '../read-filters.ts';
import { awaitPast } from './await-past.ts';
import { levelFilterParameters, levelList, readLevelFilter } from './list-levels.ts';

export function levelHandlers({ db }: Services) {
  return {
    async list(ctx: Context) {
      const query = readStockQuery(ctx, [...levelFilterParameters, ...listParameters]);
      const { organizationId } = keyOf(ctx);
      const filter = readLevelFilter(query);
      const stock = await readStockFilter(db, organizationId, query);
      if (filter.at !== undefined) await awaitPast(db, filter.at);
      await answerList(ctx, db, levelList(organizationId, stock, filter), query);
    },
  };
}
