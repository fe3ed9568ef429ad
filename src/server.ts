import { createApp } from './app.ts';
import { openDatabase } from './db/database.ts';
import { serve } from './http/serve.ts';
import { createLogger } from './log.ts';
import { configOrExit, exitWith, stopSignal } from './process.ts';
import { createWaker } from './webhooks/wake.ts';

/** The API as a process of its own. The schema is migrated before it starts (`src/db/migrate.ts`). */
const config = configOrExit();
const databaseUrl =
  config.DATABASE_URL ?? exitWith('Set DATABASE_URL, or use `npm start`, which brings its own PostgreSQL.');
const log = createLogger(config.LOG_LEVEL);
const db = await openDatabase(databaseUrl);
const app = createApp({ db, log, wakeDispatcher: createWaker({ pool: db.pool, log }) });
const serving = await serve(app.callback(), config.PORT).catch((error) =>
  exitWith(`Port ${config.PORT}: ${error.message}`),
);
log.info({ port: serving.port }, 'API listening');

log.info({ signal: await stopSignal() }, 'stopping');
await serving.stop();
await db.close();
