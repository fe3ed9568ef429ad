import { Readable } from 'node:stream';
import type { Context } from 'koa';
import type { QueryResultRow } from 'pg';
import type { Queryable } from '../db/database.ts';
import {
  type Key,
  type PageRequest,
  type Rows,
  readPage,
  readPages,
  type Sort,
  streamedPageRows,
} from '../db/keyset.ts';
import { badRequest } from '../errors.ts';
import { csvOf } from './csv.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { type ListFormat, readListFormat } from './list-format.ts';

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
  /** The keys of what is shown, in order: the columns of its CSV. */
  columns: readonly string[];
}

/** The query parameters that every list takes. */
export const listParameters = ['limit', 'cursor', 'sort'] as const;
export const maxLimit = 500;

/** The values that `sort` takes. */
export const sortNames = (sorts: Record<string, Sort>): string[] =>
  Object.entries(sorts).flatMap(([name, { settled }]) => (settled ? [name] : [name, `-${name}`]));

/**
 * Answers a list: one page when `limit` or `cursor` is given (or the list has a default limit), else every row, streamed. As CSV
 * it is every row (from the cursor on) unless `limit` is given. Throws 400 for a malformed limit, an unknown sort, a
 * cursor of another list or order.
 */
export async function answerList<Row extends QueryResultRow>(
  ctx: Context,
  deps: { pool: Queryable },
  list: List<Row>,
  given: { limit?: string | undefined; cursor?: string | undefined; sort?: string | undefined },
): Promise<void> {
  const format = readListFormat(ctx);
  const walk = await readWalk(deps, list, given);
  const reading = { deps, list, walk, format };
  const limit = given.limit === undefined ? defaultLimitOf(reading) : parseLimit(given.limit);
  return limit === undefined ? answerAll(ctx, reading) : answerPage(ctx, reading, limit);
}

/** Answers every row of a list as CSV, whatever the client prefers: for a link that a person follows. Throws 400 as above. */
export async function answerCsv<Row extends QueryResultRow>(
  ctx: Context,
  deps: { pool: Queryable },
  list: List<Row>,
  given: { sort?: string | undefined },
): Promise<void> {
  return answerAll(ctx, { deps, list, walk: await readWalk(deps, list, given), format: 'csv' });
}

interface Reading<Row extends QueryResultRow> {
  deps: { pool: Queryable };
  list: List<Row>;
  walk: Walk;
  format: ListFormat;
}

function defaultLimitOf<Row extends QueryResultRow>({ list, walk, format }: Reading<Row>): number | undefined {
  if (format === 'csv') return undefined;
  return list.defaultLimit ?? (walk.after === undefined ? undefined : maxLimit);
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
  reading: Reading<Row>,
  limit: number,
): Promise<void> {
  const { deps, list, walk } = reading;
  const rows = await readPage<Row>(deps, list.rows, { ...walk, limit: limit + 1 });
  const shown = rows.slice(0, limit);
  const nextCursor = offerNext(ctx, reading, rows.length > limit ? shown.at(-1)?.key : settledPlace(walk), limit);
  answerWhole(ctx, reading, shown, nextCursor === undefined ? {} : { nextCursor });
}

/**
 * Who follows what is being written gets a place even where there is nothing more by now: the number up to which everything
 * was given.
 */
const settledPlace = ({ upTo, after }: Walk): Key | undefined =>
  upTo === undefined ? undefined : [Math.max(upTo, Number(after?.[0] ?? 0))];

/** Says in `Link` where the list goes on, and answers the cursor of that place. */
function offerNext<Row extends QueryResultRow>(
  ctx: Context,
  { list, walk }: Reading<Row>,
  next: Key | undefined,
  limit?: number,
): string | undefined {
  if (next === undefined) return undefined;
  const cursor = encodeCursor({ list: list.name, sort: walk.sortName }, next);
  const query = new URLSearchParams(ctx.querystring);
  if (limit !== undefined) query.set('limit', String(limit));
  query.set(list.cursorParameter ?? 'cursor', cursor);
  ctx.set('Link', `<${ctx.path}?${query}>; rel="next"`);
  return cursor;
}

/** The first page is read before the status is sent, so that a failing query is still an error response. */
async function answerAll<Row extends QueryResultRow>(ctx: Context, reading: Reading<Row>): Promise<void> {
  const { deps, list, walk, format } = reading;
  const pages = readPages<Row>(deps, list.rows, walk);
  const first = (await pages.next()).value ?? [];
  offerNext(ctx, reading, settledPlace(walk));
  if (first.length < streamedPageRows) return answerWhole(ctx, reading, first, {});
  ctx.type = contentTypes[format];
  ctx.body = Readable.from(format === 'csv' ? csvPages(list, first, pages) : jsonPages(list, first, pages));
}

const contentTypes = { json: 'application/json', csv: 'text/csv' };

function answerWhole<Row extends QueryResultRow>(
  ctx: Context,
  { list, format }: Reading<Row>,
  rows: Row[],
  beside: { nextCursor?: string },
): void {
  const data = rows.map(list.present);
  ctx.type = contentTypes[format];
  ctx.body = format === 'csv' ? csvOf(data, list.columns, { header: true }) : { data, ...beside };
}

async function* jsonPages<Row extends QueryResultRow>(list: List<Row>, first: Row[], others: AsyncIterable<Row[]>) {
  const json = (rows: Row[]) => rows.map((row) => JSON.stringify(list.present(row))).join(',');
  yield `{"data":[${json(first)}`;
  for await (const rows of others) if (rows.length > 0) yield `,${json(rows)}`;
  yield ']}';
}

async function* csvPages<Row extends QueryResultRow>(list: List<Row>, first: Row[], others: AsyncIterable<Row[]>) {
  const csv = (rows: Row[], header: boolean) => csvOf(rows.map(list.present), list.columns, { header });
  yield csv(first, true);
  for await (const rows of others) if (rows.length > 0) yield csv(rows, false);
}

function parseLimit(text: string): number {
  const limit = /^[1-9]\d{0,3}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > maxLimit) throw badRequest(`\`limit\` must be a whole number from 1 to ${maxLimit}.`);
  return limit;
}
