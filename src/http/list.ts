import { Readable } from 'node:stream';
import type { Context } from 'koa';
import type { QueryResultRow } from 'pg';
import type { Queryable } from '../db/database.ts';
import {
  type Key,
  type Keyed,
  type PageRequest,
  type Rows,
  readPage,
  readPages,
  type Sort,
  streamedPageRows,
} from '../db/keyset.ts';
import { badRequest } from '../errors.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';

export interface List<Row extends QueryResultRow, Name extends string = string, Shown extends object = object> {
  /** Its own among lists: cursors are bound to it. */
  name: string;
  sorts: Record<Name, Sort>;
  /** `-name` is descending. */
  defaultSort: Name | `-${Name}`;
  /** How many rows without `limit`; undefined: all of them, streamed. */
  defaultLimit?: number;
  /** What the cursor is called in the query string, when not `cursor`. */
  cursorParameter?: string;
  rows: Rows;
  present(row: Row): Shown;
}

/** The query parameters that every list takes. */
export const listParameters = ['limit', 'cursor', 'sort'] as const;
export const maxLimit = 500;

/** The values that `sort` takes. */
export const sortNames = (sorts: Record<string, Sort>): string[] =>
  Object.entries(sorts).flatMap(([name, { settled }]) => (settled ? [name] : [name, `-${name}`]));

/**
 * Answers a list: one page when `limit` or `cursor` is given (or the list has a default limit), else every row, streamed.
 * Throws 400 for a malformed limit, an unknown sort, a cursor of another list or order.
 */
export async function answerList<Row extends QueryResultRow>(
  ctx: Context,
  deps: { pool: Queryable },
  list: List<Row>,
  given: { limit?: string | undefined; cursor?: string | undefined; sort?: string | undefined },
): Promise<void> {
  const walk = await readWalk(deps, list, given);
  const limit = given.limit === undefined ? list.defaultLimit : parseLimit(given.limit);
  if (limit === undefined && walk.after === undefined) return answerAll(ctx, deps, list, walk);
  return answerPage(ctx, deps, list, walk, limit ?? maxLimit);
}

/** Where a follower begins who wants only what is still to come. */
const fromNow = 'now';

/** Where a request begins in a list, and in which order it goes on. */
interface Walk extends Omit<PageRequest, 'limit'> {
  sortName: string;
}

async function readWalk<Row extends QueryResultRow>(
  deps: { pool: Queryable },
  list: List<Row>,
  { cursor, sort: sortName = list.defaultSort }: { cursor?: string | undefined; sort?: string | undefined },
): Promise<Walk> {
  const names = sortNames(list.sorts);
  const descending = sortName.startsWith('-');
  const sort = list.sorts[descending ? sortName.slice(1) : sortName];
  if (sort === undefined || !names.includes(sortName)) throw badRequest(`\`sort\` must be one of ${names.join(', ')}.`);
  const place = (text: string) =>
    decodeCursor(list.cursorParameter ?? 'cursor', text, { list: list.name, sort: sortName }, sort);
  const upTo = await sort.settled?.(deps);
  const isFromNow = cursor === fromNow && upTo !== undefined;
  const after = cursor === undefined ? undefined : isFromNow ? [upTo] : place(cursor);
  return { sortName, sort, descending, after, upTo };
}

async function answerPage<Row extends QueryResultRow>(
  ctx: Context,
  deps: { pool: Queryable },
  list: List<Row>,
  walk: Walk,
  limit: number,
): Promise<void> {
  const rows = await readPage<Row>(deps, list.rows, { ...walk, limit: limit + 1 });
  const shown = rows.slice(0, limit);
  const next = nextPlace(walk, shown, rows.length > limit);
  const nextCursor = next && encodeCursor({ list: list.name, sort: walk.sortName }, next);
  if (nextCursor !== undefined) ctx.set('Link', `<${nextUrl(ctx, list, nextCursor, limit)}>; rel="next"`);
  ctx.body = { data: shown.map(list.present), ...(nextCursor === undefined ? {} : { nextCursor }) };
}

/**
 * Where the next page begins. Who follows what is being written gets a place even when there is nothing more by now: the
 * number up to which everything was given.
 */
function nextPlace({ upTo, after }: Walk, shown: Keyed<unknown>[], isMore: boolean): Key | undefined {
  if (isMore) return shown.at(-1)?.key;
  return upTo === undefined ? undefined : [Math.max(upTo, Number(after?.[0] ?? 0))];
}

/** The first page is read before the status is sent, so that a failing query is still an error response. */
async function answerAll<Row extends QueryResultRow>(
  ctx: Context,
  deps: { pool: Queryable },
  list: List<Row>,
  walk: Walk,
): Promise<void> {
  const pages = readPages<Row>(deps, list.rows, walk);
  const first = (await pages.next()).value ?? [];
  if (first.length < streamedPageRows) {
    ctx.body = { data: first.map(list.present) };
    return;
  }
  ctx.type = 'json';
  ctx.body = Readable.from(jsonOf(list, first, pages));
}

async function* jsonOf<Row extends QueryResultRow>(list: List<Row>, first: Row[], others: AsyncIterable<Row[]>) {
  const json = (rows: Row[]) => rows.map((row) => JSON.stringify(list.present(row))).join(',');
  yield `{"data":[${json(first)}`;
  for await (const rows of others) if (rows.length > 0) yield `,${json(rows)}`;
  yield ']}';
}

function parseLimit(text: string): number {
  const limit = /^[1-9]\d{0,3}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > maxLimit) throw badRequest(`\`limit\` must be a whole number from 1 to ${maxLimit}.`);
  return limit;
}

function nextUrl(
  ctx: Context,
  { cursorParameter = 'cursor' }: { cursorParameter?: string },
  cursor: string,
  limit: number,
) {
  const query = new URLSearchParams(ctx.querystring);
  query.set('limit', String(limit));
  query.set(cursorParameter, cursor);
  return `${ctx.path}?${query}`;
}
