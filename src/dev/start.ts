import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { searchAttributes } from '../../workflows/contract.ts';
import { createApp } from '../app.ts';
import type { Config } from '../config.ts';
import { openDatabase } from '../db/database.ts';
import { serve } from '../http/serve.ts';
import { createLogger } from '../log.ts';
import { inviteFirstAdministrator, welcomePath } from '../people/invitation.ts';
import { configOrExit, exitWith, untilConnected } from '../process.ts';
import { startDeliveryWorker } from '../webhooks/delivery-worker.ts';
import { createSecretBox } from '../webhooks/secret-box.ts';
import { createLazyTemporal } from '../webhooks/temporal-client.ts';
import { createWaker } from '../webhooks/wake.ts';
import { startEmbedded } from './embedded.ts';
import { acquireDataDir, type DataDir, readInstance } from './instance.ts';
import { ownSecretsKey } from './secrets-key.ts';
import { seed } from './seed.ts';
import { startedText } from './started-text.ts';
import { StartupError } from './startup-error.ts';

/**
 * `npm start`: everything in one go. What DATABASE_URL or TEMPORAL_ADDRESS does not name is started here, with its data
 * under DATA_DIR; API, dispatcher and worker run in this process.
 */
const config = configOrExit();
const say = (line: string) => void process.stderr.write(`${line}\n`);
const stopping = new AbortController();
/** What runs, in the order of its start; stopped in reverse. */
const running: { name: string; stop(): Promise<void> | void }[] = [];

if (process.env.npm_lifecycle_event === 'start') stopWithParent();
process.on('SIGINT', () => stopping.abort());
process.on('SIGTERM', () => stopping.abort());
process.on('SIGHUP', () => stopping.abort());

try {
  await start(config);
  if (!stopping.signal.aborted) await once(stopping.signal, 'abort');
} catch (error) {
  if (!stopping.signal.aborted) {
    process.exitCode = 1;
    say(
      error instanceof StartupError
        ? error.message
        : `maintainkit cannot start: ${error instanceof Error ? error.stack : error}`,
    );
  }
}
await stopAll();

async function start(config: Config): Promise<void> {
  const dataDir = await takeDataDir(config.DATA_DIR);
  stopping.signal.addEventListener('abort', () => dataDir.unpublish());
  const isEmbedded = config.DATABASE_URL === undefined || config.TEMPORAL_ADDRESS === undefined;
  running.push({ name: 'data directory', stop: () => dataDir.release() });

  await checkPort(config.PORT);

  const embedded = await startEmbedded({
    dataDir: config.DATA_DIR,
    temporalUiPort: config.TEMPORAL_UI_PORT,
    namespace: config.TEMPORAL_NAMESPACE,
    searchAttributes: Object.values(searchAttributes).map(({ name }) => name),
    needPostgres: config.DATABASE_URL === undefined,
    needTemporal: config.TEMPORAL_ADDRESS === undefined,
    progress: say,
    signal: stopping.signal,
  });
  running.push({ name: 'servers', stop: () => embedded.stop() });
  embedded.onFatal(fail);

  const log = createLogger(config.LOG_LEVEL);
  const databaseUrl = config.DATABASE_URL ?? embedded.databaseUrl ?? exitWith('No PostgreSQL was started.');
  const temporalAddress = config.TEMPORAL_ADDRESS ?? embedded.temporalAddress ?? exitWith('No Temporal was started.');
  await migrate(databaseUrl);
  stopping.signal.throwIfAborted();
  const db = await openDatabase(databaseUrl);
  running.push({ name: 'database connections', stop: () => db.close() });
  const firstKey = config.DATABASE_URL === undefined ? await seed(db) : undefined;

  const secrets = createSecretBox(config.SECRETS_KEY ?? [ownSecretsKey(config.DATA_DIR)]);
  const worker = await untilConnected(
    `Temporal at ${temporalAddress}`,
    () =>
      startDeliveryWorker({
        db,
        databaseUrl,
        temporalAddress,
        namespace: config.TEMPORAL_NAMESPACE,
        allowCidrs: config.WEBHOOK_ALLOW_CIDRS ?? (isEmbedded ? ['127.0.0.0/8'] : []),
        secrets,
        attemptLogDays: config.ATTEMPT_LOG_DAYS,
        log,
      }),
    stopping.signal,
  );
  running.push({ name: 'worker', stop: () => worker.stop() });
  worker.done.catch(fail);
  stopping.signal.throwIfAborted();

  const temporal = createLazyTemporal({ address: temporalAddress, namespace: config.TEMPORAL_NAMESPACE });
  running.push({ name: 'Temporal client', stop: () => temporal.close() });
  const uiUrl = config.TEMPORAL_UI_URL ?? embedded.temporalUiUrl;
  const app = createApp({
    db,
    log,
    secrets,
    temporal: temporal.client,
    temporalUi: uiUrl === undefined ? undefined : { url: uiUrl, namespace: config.TEMPORAL_NAMESPACE },
    rateLimit: { defaultPerMinute: config.RATE_LIMIT_PER_MINUTE },
    publicUrl: config.PUBLIC_URL,
    trustedProxies: config.TRUSTED_PROXIES,
    wakeDispatcher: createWaker({ pool: db.pool, log }),
  });
  const serving = await serve(app.callback(), config.PORT).catch((error) => {
    throw portProblem(config.PORT, error);
  });
  running.push({ name: 'API', stop: () => serving.stop() });

  const apiUrl = `http://localhost:${serving.port}`;
  dataDir.write({ apiUrl, databaseUrl, temporalAddress, temporalUiUrl: embedded.temporalUiUrl });
  const publicUrl = config.PUBLIC_URL ?? apiUrl;
  const token = await inviteFirstAdministrator(db);
  const firstAccountUrl = token && publicUrl + welcomePath(token);
  const { temporalUiUrl } = embedded;
  process.stdout.write(startedText({ apiUrl, publicUrl, firstKey, firstAccountUrl, temporalUiUrl }));
}

/**
 * Takes the data directory from nobody who uses it, but waits for one who is just leaving (killed with `npm`, it notices
 * a moment later) or just coming up.
 */
async function takeDataDir(path: string): Promise<DataDir> {
  const [leavingMs, startingMs, startedAt] = [1_500, 40_000, Date.now()];
  for (;;) {
    try {
      return await acquireDataDir(path);
    } catch (error) {
      const waitedMs = Date.now() - startedAt;
      const mayStillLeave = waitedMs < leavingMs || (await readInstance(path)) === undefined;
      if (stopping.signal.aborted || waitedMs > startingMs || !mayStillLeave) throw error;
      await delay(250);
    }
  }
}

/** A start by npm ends with npm: killed, it could not pass its signal on. */
function stopWithParent(): void {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) stopping.abort();
  }, 500).unref();
}

async function migrate(databaseUrl: string): Promise<void> {
  const db = await openDatabase(databaseUrl, { maxConnections: 2, limitMs: 0 });
  try {
    await untilConnected('PostgreSQL', () => db.pool.query('select 1'), stopping.signal);
    await db.migrate();
  } finally {
    await db.close();
  }
}

/** Before anything slow is begun: is the port ours to take? */
async function checkPort(port: number): Promise<void> {
  const probe = await serve(() => undefined, port).catch((error) => {
    throw portProblem(port, error);
  });
  await probe.stop();
}

function portProblem(port: number, error: NodeJS.ErrnoException): StartupError {
  const what = error.code === 'EADDRINUSE' ? 'is in use by another process' : `cannot be used (${error.code})`;
  return new StartupError(`Port ${port} ${what}: stop it, or choose another port with PORT=3001 npm start.`);
}

function fail(error: Error): void {
  process.exitCode = 1;
  say(error.message);
  stopping.abort();
}

async function stopAll(): Promise<void> {
  if (running.length > 1) say('Stopping: requests and deliveries under way finish first …');
  for (const { name, stop } of running.toReversed()) {
    try {
      await stop();
    } catch (error) {
      say(`${name} did not stop cleanly: ${error instanceof Error ? error.message : error}`);
      process.exitCode = 1;
    }
  }
  if (running.length > 1) say('Stopped.');
  process.exit();
}
