import type { Context } from 'koa';
import type { QueryResultRow } from 'pg';
import type { Queryable } from '../db/database.ts';
import { type Keyed, readPage } from '../db/keyset.ts';
import { decodeCursor, encodeCursor } from '../http/cursor.ts';
import type { List } from '../http/list.ts';
import { queryOf } from './parameters.ts';

/** Some rows of a list, and the addresses of those before and after, which keep the filters. */
export interface Screen<Row> {
  rows: Row[];
  newer: string | undefined;
  older: string | undefined;
}

/**
 * Reads the screen of a list, newest first, that the query names: `older` and `newer` are places in it. Throws 400 for one that
 * is none.
 */
export async function readScreen<Row extends QueryResultRow>(
  ctx: Context,
  deps: { pool: Queryable },
  { list, sort: name, size }: { list: List<Row>; sort: string; size: number },
): Promise<Screen<Row>> {
  const sort = list.sorts[name];
  if (sort === undefined) throw new Error(`The list ${list.name} has no sort ${name}.`);
  const scope = { list: list.name, sort: `-${name}` };
  const newerThan = queryOf(ctx, 'newer');
  const place = newerThan ?? queryOf(ctx, 'older');
  const isUpwards = newerThan !== undefined;
  const read = await readPage<Row>(deps, list.rows, {
    sort,
    descending: !isUpwards,
    after: place === undefined ? undefined : decodeCursor(isUpwards ? 'newer' : 'older', place, scope, sort),
    limit: size + 1,
  });
  const rows = read.slice(0, size);
  if (isUpwards) rows.reverse();
  const hasMore = read.length > size;
  const to = (direction: 'newer' | 'older', row: Keyed<Row> | undefined) =>
    row && addressOf(ctx, { [direction]: encodeCursor(scope, row.key) });
  return {
    rows,
    newer: isUpwards ? (hasMore ? to('newer', rows[0]) : undefined) : place && to('newer', rows[0]),
    older: isUpwards || hasMore ? to('older', rows.at(-1)) : undefined,
  };
}

function addressOf(ctx: Context, place: Record<string, string>): string {
  const query = new URLSearchParams(ctx.querystring);
  for (const direction of ['newer', 'older']) query.delete(direction);
  for (const [direction, cursor] of Object.entries(place)) query.set(direction, cursor);
  return `${ctx.path}?${query}`;
}
