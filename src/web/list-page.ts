import type { Context } from 'koa';
import type { QueryResultRow } from 'pg';
import type { Queryable } from '../db/database.ts';
import { readPage } from '../db/keyset.ts';
import { decodeCursor, encodeCursor } from '../http/cursor.ts';
import type { List } from '../http/list.ts';
import { queryOf } from './parameters.ts';

/** A page of a list, and the addresses of those before and after it. */
export interface ListPage<Row> {
  rows: Row[];
  /** As in the query string: `-name` is descending. */
  sort: string;
  previous: string | undefined;
  next: string | undefined;
}

const pageRows = 50;

/**
 * The page of a list that the address asks for: `sort`, and `after` or `before` a row. What it does not know is as if it were
 * not there; a place that the list did not give in this order is refused: 400.
 */
export async function readListPage<Row extends QueryResultRow>(
  ctx: Context,
  deps: { pool: Queryable },
  list: List<Row>,
  { sortBy, rows: limit = pageRows }: { sortBy: readonly string[]; rows?: number },
): Promise<ListPage<Row>> {
  const [sort = list.defaultSort] = sortBy.filter((name) => name === queryOf(ctx, 'sort')).concat(sortBy);
  const order = list.sorts[sort.replace(/^-/, '')];
  if (order === undefined) throw new Error(`The list of ${list.name} has no order "${sort}".`);
  const scope = { list: list.name, sort };
  const [after, before] = [queryOf(ctx, 'after'), queryOf(ctx, 'before')];
  const isBack = before !== undefined;
  const place = before ?? after;
  const found = await readPage<Row>(deps, list.rows, {
    sort: order,
    descending: sort.startsWith('-') !== isBack,
    after: place === undefined ? undefined : decodeCursor(isBack ? 'before' : 'after', place, scope, order),
    limit: limit + 1,
  });
  const hasMore = found.length > limit;
  const rows = isBack ? found.slice(0, limit).reverse() : found.slice(0, limit);
  const [first, last] = [rows.at(0), rows.at(-1)];
  const at = (name: 'after' | 'before', row: typeof first) =>
    row && addressWith(ctx, { after: undefined, before: undefined, [name]: encodeCursor(scope, row.key) });
  return {
    rows,
    sort,
    previous: (isBack ? hasMore : place !== undefined) ? at('before', first) : undefined,
    next: isBack || hasMore ? at('after', last) : undefined,
  };
}

/** The page's own address with other parameters; undefined takes one out. */
export function addressWith(ctx: Context, parameters: Record<string, string | undefined>): string {
  const query = new URLSearchParams(ctx.querystring);
  for (const [name, value] of Object.entries(parameters)) {
    if (value === undefined) query.delete(name);
    else query.set(name, value);
  }
  return query.size === 0 ? ctx.path : `${ctx.path}?${query}`;
}
