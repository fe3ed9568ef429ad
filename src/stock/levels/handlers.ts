import type { Context } from 'koa';
import type { Services } from '../../app.ts';
import { keyOf } from '../../http/auth.ts';
import { answerList, listParameters } from '../../http/list.ts';
import { readStockFilter, readStockQuery } from '../read-filters.ts';
import { levelFilterParameters, levelList, readLevelFilter } from './list-levels.ts';

export function levelHandlers({ db }: Services) {
  return {
    async list(ctx: Context) {
      const query = readStockQuery(ctx, [...levelFilterParameters, ...listParameters]);
      const { organizationId } = keyOf(ctx);
      const filter = readLevelFilter(query);
      const stock = await readStockFilter(db, organizationId, query);
      await answerList(ctx, db, levelList(organizationId, stock, filter), query);
    },
  };
}
