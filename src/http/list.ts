import { Readable } from 'node:stream';
import type { Context } from 'koa';
import { badRequest } from '../errors.ts';

/** A place in an ordered list: the sort key of the last row seen. */
export type Position = number[];

export interface List<Row> {
  /** The next rows in list order after a position (or from the start). */
  page(after: Position | undefined, limit: number): Promise<Row[]>;
  positionOf(row: Row): Position;
  present(row: Row): unknown;
  /** How many numbers make up a position. */
  positionLength: number;
  /** How many rows without `limit`; undefined: all of them, streamed. */
  defaultLimit?: number;
}

export const pagingParameters = ['limit', 'cursor'] as const;
const maxLimit = 500;
const streamPageRows = 1_000;

/** Answers a list: one page when `limit` or `cursor` is given (or the list has a default limit), else every row, streamed. */
export async function answerList<Row>(
  ctx: Context,
  list: List<Row>,
  { limit, cursor }: { limit?: string; cursor?: string },
): Promise<void> {
  const pageLimit = limit === undefined ? list.defaultLimit : parseLimit(limit);
  const after = cursor === undefined ? undefined : parseCursor(cursor, list.positionLength);
  if (pageLimit === undefined && after === undefined) return answerAll(ctx, list);
  return answerPage(ctx, list, pageLimit ?? maxLimit, after);
}

async function answerPage<Row>(
  ctx: Context,
  list: List<Row>,
  limit: number,
  after: Position | undefined,
): Promise<void> {
  const rows = await list.page(after, limit + 1);
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const nextCursor = rows.length > limit && last !== undefined ? encodeCursor(list.positionOf(last)) : undefined;
  if (nextCursor !== undefined) ctx.set('Link', `<${nextUrl(ctx, nextCursor, limit)}>; rel="next"`);
  ctx.body = { data: shown.map(list.present), ...(nextCursor === undefined ? {} : { nextCursor }) };
}

/** The first page is read before the status is sent, so that a failing query is still an error response. */
async function answerAll<Row>(ctx: Context, list: List<Row>): Promise<void> {
  const first = await list.page(undefined, streamPageRows);
  if (first.length < streamPageRows) {
    ctx.body = { data: first.map(list.present) };
    return;
  }
  ctx.type = 'json';
  ctx.body = Readable.from(jsonOfAll(list, first));
}

async function* jsonOfAll<Row>(list: List<Row>, first: Row[]): AsyncGenerator<string> {
  let rows = first;
  yield `{"data":[${jsonRows(list, rows)}`;
  while (rows.length === streamPageRows) {
    const last = rows.at(-1);
    if (last === undefined) break;
    rows = await list.page(list.positionOf(last), streamPageRows);
    if (rows.length > 0) yield `,${jsonRows(list, rows)}`;
  }
  yield ']}';
}

const jsonRows = <Row>(list: List<Row>, rows: Row[]) => rows.map((row) => JSON.stringify(list.present(row))).join(',');

function parseLimit(text: string): number {
  const limit = /^[1-9]\d{0,3}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > maxLimit) throw badRequest(`\`limit\` must be a whole number from 1 to ${maxLimit}.`);
  return limit;
}

const encodeCursor = (position: Position) => Buffer.from(position.join('.')).toString('base64url');

function parseCursor(cursor: string, length: number): Position {
  const position = Buffer.from(cursor, 'base64url').toString('latin1').split('.').map(Number);
  const valid = position.length === length && position.every((part) => Number.isSafeInteger(part) && part >= 0);
  if (!valid || encodeCursor(position) !== cursor)
    throw badRequest('`cursor` is not one that a list of this kind gave.');
  return position;
}

function nextUrl(ctx: Context, cursor: string, limit: number): string {
  const query = new URLSearchParams(ctx.querystring);
  query.set('limit', String(limit));
  query.set('cursor', cursor);
  return `${ctx.path}?${query}`;
}
