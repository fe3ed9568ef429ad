import type { Pool } from 'pg';

/** A pool, or one connection of it with a transaction under way. */
export type Queryable = Pick<Pool, 'query'>;

/** Commits what `run` did on its connection, or nothing of it when it throws. */
export async function inTransaction<T>(pool: Pool, run: (connection: Queryable) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query('begin');
    const result = await run(client);
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback').catch(() => undefined); // a connection that died has rolled back; its pool drops it
    throw error;
  } finally {
    client.release();
  }
}
