import { Migrator } from '@mikro-orm/migrations';
import { type EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { CompiledQuery } from 'kysely';
import type { Pool, QueryConfig, QueryResultRow } from 'pg';
import { Location } from '../stock/locations/location.ts';
import { Part } from '../stock/parts/part.ts';
import { migrations } from './migrations.ts';

/**
 * One PostgreSQL, two ways in: `em()` is a fresh unit of work, `pool` the same connection pool for single statements
 * (the hot path and the lists), with real bind parameters.
 */
export interface Database extends Connection {
  pool: Pool;
  migrate(): Promise<void>;
  close(): Promise<void>;
}

/** What a use case needs, in a transaction or without one. */
export interface Connection {
  em(): EntityManager;
  pool: Queryable;
  /** Runs `work` in one transaction, which is rolled back when it throws; inside another it is a savepoint. */
  transaction<T>(work: (connection: Connection) => Promise<T>): Promise<T>;
}

export interface Queryable {
  // biome-ignore lint/suspicious/noExplicitAny: as in pg, a row is what the caller says that it is
  query<Row extends QueryResultRow = any>(
    query: string | QueryConfig,
    values?: unknown[],
  ): Promise<{ rows: Row[]; rowCount: number | null }>;
}

/** Opens a pool that connects on first use. `limitMs` bounds each statement; 0: nothing does. */
export async function openDatabase(url: string, { maxConnections = 20, limitMs = 15_000 } = {}): Promise<Database> {
  const orm = await MikroORM.init({
    clientUrl: url,
    entities: [Location, Part],
    extensions: [Migrator],
    ensureDatabase: false, // it would connect at once, and create a mistyped database
    logger: () => undefined,
    discovery: { warnWhenNoEntities: false },
    migrations: { migrationsList: migrations, snapshot: false, tableName: 'schema_migration' },
    driverOptions: {
      onPoolCreated: letDeadConnectionsGo,
      max: maxConnections,
      connectionTimeoutMillis: 5_000,
      query_timeout: limitMs,
      keepAlive: true,
      application_name: 'maintainkit',
      options: `-c timezone=UTC -c statement_timeout=${limitMs} -c lock_timeout=${limitMs / 3} -c idle_in_transaction_session_timeout=30s`,
    },
  });
  const pool: Pool = await orm.em.getConnection().getNativeClient();
  return {
    em: () => orm.em.fork(),
    pool,
    transaction: (work) => transactional(orm.em.fork(), work),
    migrate: () => migrate(orm, pool),
    async close() {
      await orm.close(true);
      // MikroORM ends the pool only when it has used it itself.
      if (!pool.ending) await pool.end();
    },
  };
}

const transactional = <T>(em: EntityManager, work: (connection: Connection) => Promise<T>): Promise<T> =>
  em.transactional((inner) => {
    const own = inner as EntityManager;
    return work({ em: () => own, pool: inTransaction(own), transaction: (nested) => transactional(own, nested) });
  });

/** Single statements on the connection of a unit of work's transaction, with real bind parameters too. */
function inTransaction(em: EntityManager): Queryable {
  return {
    async query<Row extends QueryResultRow>(query: string | QueryConfig, values?: unknown[]) {
      const [text, bound] = typeof query === 'string' ? [query, values] : [query.text, query.values];
      const result = await em.getKysely().executeQuery<Row>(CompiledQuery.raw(text, [...(bound ?? [])]));
      return { rows: result.rows, rowCount: Number(result.numAffectedRows ?? result.rows.length) };
    },
  };
}

/**
 * Kysely gives a transaction's connection back only once its ROLLBACK has succeeded; on a connection that died it never
 * does, and the pool runs dry. There is nothing to roll back there: PostgreSQL has done it.
 */
function letDeadConnectionsGo(pool: Pool): void {
  pool.on('connect', (client) => {
    const query: (...args: unknown[]) => unknown = client.query.bind(client);
    const tolerant = (...args: unknown[]) => {
      const result = query(...args);
      const isRollback = typeof args[0] === 'string' && /^rollback$/i.test(args[0]);
      return isRollback && result instanceof Promise ? result.catch(() => ({ rows: [], rowCount: 0 })) : result;
    };
    Object.assign(client, { query: tolerant });
  });
}

/** An arbitrary number of ours: processes that start together migrate one after the other. */
const migrationLock = 7_310_425;

async function migrate(orm: MikroORM, pool: Pool): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [migrationLock]);
    await orm.migrator.up();
  } finally {
    await client.query('select pg_advisory_unlock($1)', [migrationLock]).catch(() => undefined);
    client.release();
  }
}
