import {
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type RawBuilder,
  sql,
} from 'kysely';
import type { QueryResultRow } from 'pg';
import type { Queryable } from './database.ts';

/** A piece of SQL with its parameters. */
export type Sql = RawBuilder<unknown>;

/** What a list is read from, before order and limit. */
export interface Rows {
  columns: Sql;
  from: Sql;
  /** All of them must hold. */
  where: Sql[];
}

/** A column of a sort key. It is never null: a null compares with nothing. An instant has milliseconds. */
export interface KeyColumn {
  sql: Sql;
  type: 'number' | 'instant' | 'text';
}

/** An order of rows. The columns together are unique in the list, so that each row has its own place. */
export interface Sort {
  key: [KeyColumn, ...KeyColumn[]];
  /** The key's first column is of another table than the others: an index knows only it. */
  acrossTables?: boolean;
  /** In place of the list's own `from`, where another order of joining serves this sort. */
  from?: Sql;
  /**
   * For readers who follow the rows in the order of their numbers (the only column of the key): up to which number nothing is
   * still being written. Such a sort is ascending only.
   */
  settled?: (deps: { pool: Queryable }) => Promise<number>;
}

/** A row's place in a sort: the values of its key, instants as epoch milliseconds. */
export type Key = (string | number)[];

export type Keyed<Row> = Row & { key: Key };

export interface PageRequest {
  sort: Sort;
  descending: boolean;
  /** The place of the last row before the page; undefined: from the start. */
  after?: Key | undefined;
  /** No row whose number is above this: see `Sort.settled`. */
  upTo?: number | undefined;
  limit: number;
}

/** The next rows in order. Its cost does not depend on how many went before, given an index on the sort's key. */
export function readPage<Row extends QueryResultRow>(
  deps: { pool: Queryable },
  { columns, from, where }: Rows,
  { sort, descending, after, upTo, limit }: PageRequest,
): Promise<Keyed<Row>[]> {
  const { key } = sort;
  const conditions = [
    ...where,
    ...(after === undefined ? [] : [isAfter(sort, after, descending)]),
    ...(upTo === undefined ? [] : [sql`${key[0].sql} <= ${upTo}`]),
  ];
  const direction = descending ? sql`desc` : sql`asc`;
  return query<Keyed<Row>>(
    deps,
    sql`select ${columns}, json_build_array(${sql.join(key.map(asJson))}) as key
      from ${sort.from ?? from}
      where ${sql.join(conditions, sql` and `)}
      order by ${sql.join(key.map((column) => sql`${column.sql} ${direction}`))}
      limit ${limit}`,
  );
}

export const streamedPageRows = 1_000;

/** Every row in order, in pages that are statements of their own: who reads slowly holds neither a connection nor a snapshot. */
export async function* readPages<Row extends QueryResultRow>(
  deps: { pool: Queryable },
  rows: Rows,
  walk: Omit<PageRequest, 'limit'>,
): AsyncGenerator<Keyed<Row>[], void, undefined> {
  let page: Keyed<Row>[];
  let after = walk.after;
  do {
    page = await readPage<Row>(deps, rows, { ...walk, after, limit: streamedPageRows });
    yield page;
    after = page.at(-1)?.key;
  } while (page.length === streamedPageRows);
}

/** Runs a statement with its parameters bound. */
export async function query<Row extends QueryResultRow>({ pool }: { pool: Queryable }, statement: Sql): Promise<Row[]> {
  const { sql: text, parameters } = statement.compile(compiler);
  const { rows } = await pool.query<Row>(text, [...parameters]);
  return rows;
}

/** Whether a value can be in this column of a key: a cursor comes from outside. */
export function fitsKey({ type }: KeyColumn, value: unknown): boolean {
  if (type === 'text') return typeof value === 'string' && !value.includes('\0') && value.isWellFormed();
  if (!Number.isSafeInteger(value)) return false;
  const number = Number(value);
  return type === 'number' ? number >= 0 : number >= instants.firstMs && number <= instants.lastMs;
}

/** The years 1 to 9999. */
const instants = { firstMs: -62_135_596_800_000, lastMs: 253_402_300_799_999 };

/**
 * A comparison of tuples is one range of an index over them. Where they span two tables the first column is compared by itself;
 * said twice of one table, it would have the planner expect far fewer rows than there are.
 */
function isAfter({ key, acrossTables }: Sort, after: Key, descending: boolean): Sql {
  const columns = key.map((column) => column.sql);
  const values = after.map((value, n) => (key[n]?.type === 'instant' ? new Date(Number(value)) : value));
  const beyond = descending ? sql`<` : sql`>`;
  const isBeyond = (from: number) =>
    sql`(${sql.join(columns.slice(from))}) ${beyond} (${sql.join(values.slice(from))})`;
  if (!acrossTables) return isBeyond(0);
  return sql`${key[0].sql} ${beyond}= ${values[0]} and (${key[0].sql} ${beyond} ${values[0]} or ${isBeyond(1)})`;
}

const asJson = ({ sql: column, type }: KeyColumn) =>
  type === 'instant' ? sql`(extract(epoch from ${column}) * 1000)::bigint` : column;

/** Turns pieces of SQL into text and parameters; it has no connection. */
const compiler = new Kysely<unknown>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
});
