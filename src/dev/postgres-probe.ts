import { Client, DatabaseError } from 'pg';
import { loopback } from './ports.ts';
import { superuser } from './postgres-cluster.ts';

export const databaseName = 'maintainkit';

export interface PostgresTarget {
  port: number;
  password: string;
  clusterDir: string;
}

export type ProbeResult = 'ready' | 'not yet' | 'wrong password';

/** Whether this very cluster answers there, with its database in place. */
export async function probePostgres(target: PostgresTarget): Promise<ProbeResult> {
  const client = new Client({
    host: loopback,
    port: target.port,
    user: superuser,
    password: target.password,
    database: 'postgres',
    connectionTimeoutMillis: 5_000,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ data_directory: string }>('SHOW data_directory');
    if (rows[0]?.data_directory !== target.clusterDir) return 'not yet';
    await ensureDatabase(client);
    return 'ready';
  } catch (error) {
    return error instanceof DatabaseError && error.code === '28P01' ? 'wrong password' : 'not yet';
  } finally {
    await client.end().catch(() => undefined);
  }
}

export function databaseUrl({ port, password }: PostgresTarget): string {
  return `postgres://${superuser}:${password}@${loopback}:${port}/${databaseName}`;
}

async function ensureDatabase(client: Client): Promise<void> {
  const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [databaseName]);
  if (rowCount === 0) await client.query(`CREATE DATABASE ${databaseName}`);
}
