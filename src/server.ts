import { createApp } from './app.ts';
import { openDatabase } from './db/database.ts';
import { serve } from './http/serve.ts';
import { createLogger } from './log.ts';
import { configOrExit, exitWith, stopSignal } from './process.ts';
import { createSecretBox } from './webhooks/secret-box.ts';
import { createLazyTemporal } from './webhooks/temporal-client.ts';
import { createWaker } from './webhooks/wake.ts';

/** The API as a process of its own. The schema is migrated before it starts (`src/db/migrate.ts`). */
const config = configOrExit();
const databaseUrl =
  config.DATABASE_URL ?? exitWith('Set DATABASE_URL, or use `npm start`, which brings its own PostgreSQL.');
const temporalAddress =
  config.TEMPORAL_ADDRESS ?? exitWith('Set TEMPORAL_ADDRESS: where deliveries are retried and cancelled.');
const secretsKeys = config.SECRETS_KEY ?? exitWith('Set SECRETS_KEY: the key that webhook secrets are sealed with.');
const log = createLogger(config.LOG_LEVEL);
const db = await openDatabase(databaseUrl);
const temporal = createLazyTemporal({ address: temporalAddress, namespace: config.TEMPORAL_NAMESPACE });
const app = createApp({
  db,
  log,
  secrets: createSecretBox(secretsKeys),
  temporal: temporal.client,
  temporalUi: config.TEMPORAL_UI_URL
    ? { url: config.TEMPORAL_UI_URL, namespace: config.TEMPORAL_NAMESPACE }
    : undefined,
  rateLimit: { defaultPerMinute: config.RATE_LIMIT_PER_MINUTE },
  publicUrl: config.PUBLIC_URL,
  trustedProxies: config.TRUSTED_PROXIES,
  wakeDispatcher: createWaker({ pool: db.pool, log }),
});
const serving = await serve(app.callback(), config.PORT).catch((error) =>
  exitWith(`Port ${config.PORT}: ${error.message}`),
);
log.info({ port: serving.port }, 'API listening');

log.info({ signal: await stopSignal() }, 'stopping');
await serving.stop();
await temporal.close();
await db.close();
