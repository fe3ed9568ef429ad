import { openDatabase } from './db/database.ts';
import { serve } from './http/serve.ts';
import { createLogger } from './log.ts';
import { configOrExit, exitWith, stopSignal, untilConnected } from './process.ts';
import { startDeliveryWorker } from './webhooks/delivery-worker.ts';
import { createSecretBox } from './webhooks/secret-box.ts';

/** Dispatcher and worker as a process of its own, with `GET /healthz` on HEALTH_PORT once it runs. */
const config = configOrExit();
const databaseUrl =
  config.DATABASE_URL ?? exitWith('Set DATABASE_URL, or use `npm start`, which brings its own PostgreSQL.');
const temporalAddress =
  config.TEMPORAL_ADDRESS ??
  exitWith('Set TEMPORAL_ADDRESS, or use `npm start`, which brings its own Temporal server.');
const secretsKeys = config.SECRETS_KEY ?? exitWith('Set SECRETS_KEY: the key that webhook secrets are sealed with.');
const log = createLogger(config.LOG_LEVEL);
const db = await openDatabase(databaseUrl);
const worker = await untilConnected(`Temporal at ${temporalAddress}`, () =>
  startDeliveryWorker({
    db,
    databaseUrl,
    temporalAddress,
    namespace: config.TEMPORAL_NAMESPACE,
    allowCidrs: config.WEBHOOK_ALLOW_CIDRS ?? [],
    secrets: createSecretBox(secretsKeys),
    attemptLogDays: config.ATTEMPT_LOG_DAYS,
    log,
  }),
);
const health = await serve((_request, response) => {
  response.setHeader('Content-Type', 'application/json').end('{"status":"ok"}');
}, config.HEALTH_PORT).catch((error) => exitWith(`Port ${config.HEALTH_PORT}: ${error.message}`));
log.info('worker running');

await Promise.race([stopSignal().then((signal) => log.info({ signal }, 'stopping')), worker.done]);
await worker.stop();
await health.stop();
await db.close();
