import { configOrExit, exitWith, untilConnected } from '../process.ts';
import { openDatabase } from './database.ts';

/** Brings the schema up to date and ends. */
const config = configOrExit();
const databaseUrl =
  config.DATABASE_URL ?? exitWith('Set DATABASE_URL; `npm start` migrates its own PostgreSQL itself.');
const db = await openDatabase(databaseUrl, { maxConnections: 2, limitMs: 0 });
await untilConnected('PostgreSQL', () => db.pool.query('select 1'));
await db.migrate();
await db.close();
process.stdout.write('The database schema is up to date.\n');
