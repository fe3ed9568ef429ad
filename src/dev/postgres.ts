import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { postgresStopSteps } from './end-process.ts';
import { awaitReady, PortTakenError, withFreshPorts } from './launch.ts';
import { freePort, loopback } from './ports.ts';
import { findPostgresBinaries } from './postgres-binaries.ts';
import { ensureCluster } from './postgres-cluster.ts';
import { endLeftoverBackends, endOrphanPostgres } from './postgres-orphans.ts';
import { databaseUrl, type PostgresTarget, probePostgres } from './postgres-probe.ts';
import { choosePostgresRunner, type Invocation } from './postgres-runner.ts';
import { type ServerProcess, spawnServer } from './server-process.ts';
import { StartupError } from './startup-error.ts';
import { type Supervised, supervise } from './supervisor.ts';
import { withHeartbeat } from './wait.ts';

export interface EmbeddedContext {
  /** Absolute, without symbolic links. */
  dataDir: string;
  progress: (line: string) => void;
  signal: AbortSignal;
  onFatal: (error: Error) => void;
}

export interface EmbeddedPostgres extends Supervised {
  databaseUrl: string;
  created: boolean;
}

class FormerServerInTheWayError extends Error {}

const [readyTimeoutMs, formerServerTimeoutMs, leftoverAfterMs] = [300_000, 30_000, 5_000];
/** About two seconds of trying: until then it may be another instance's server, on a port that both drew. */
const maxPasswordRefusals = 40;

export async function startPostgres(context: EmbeddedContext): Promise<EmbeddedPostgres> {
  const { dataDir, progress } = context;
  const clusterDir = join(dataDir, 'postgres');
  const pidFile = join(dataDir, 'postgres.pid');
  const binaries = await findPostgresBinaries();
  const runner = await choosePostgresRunner(binaries, { clusterDir, dataDir });
  await endOrphanPostgres(clusterDir, pidFile, progress);
  const cluster = await ensureCluster({ ...context, clusterDir, binaries, runner });

  progress(`Starting PostgreSQL ${runner.version} …`);
  const launch = (target: PostgresTarget, signal: AbortSignal) => {
    const invocation = runner.invocation(binaries.postgres, serverArgs(target));
    return launchPostgres({ ...context, signal }, target, { ...invocation, pidFile });
  };
  const { target, server } = await withFreshPorts(async () => {
    const target: PostgresTarget = { port: await freePort(), password: cluster.password, clusterDir };
    return { target, server: await launch(target, context.signal) };
  });
  const supervised = supervise(server, {
    ...context,
    name: 'PostgreSQL',
    stopSteps: postgresStopSteps,
    relaunch: (signal) => launch(target, signal),
  });
  return { ...supervised, databaseUrl: databaseUrl(target), created: cluster.created };
}

/** Retries while processes of a killed PostgreSQL are still about; they notice and end within seconds. */
async function launchPostgres(
  context: EmbeddedContext,
  target: PostgresTarget,
  command: Invocation & { pidFile: string },
): Promise<ServerProcess> {
  const startedAt = Date.now();
  for (;;) {
    try {
      return await withHeartbeat(
        (seconds) => context.progress(`PostgreSQL is still starting, maybe recovering after a crash (${seconds} s) …`),
        15_000,
        () => launchOnce(context, target, command),
      );
    } catch (error) {
      const waitedMs = Date.now() - startedAt;
      if (!(error instanceof FormerServerInTheWayError)) throw error;
      if (waitedMs > formerServerTimeoutMs) throw new StartupError(error.message);
      if (waitedMs > leftoverAfterMs) await endLeftoverBackends(target.clusterDir);
      await sleep(500);
    }
  }
}

function launchOnce(
  { dataDir, signal }: EmbeddedContext,
  target: PostgresTarget,
  command: Invocation & { pidFile: string },
): Promise<ServerProcess> {
  signal.throwIfAborted();
  const server = spawnServer({
    ...command,
    cwd: dataDir,
    env: { ...environmentWithoutPg(), LC_ALL: 'C' },
    logFile: join(dataDir, 'postgres.log'),
  });
  let passwordRefusals = 0;
  return awaitReady(server, {
    name: 'PostgreSQL',
    timeoutMs: readyTimeoutMs,
    stopSteps: postgresStopSteps,
    signal,
    explain: explainExit,
    probe: async () => {
      const result = await probePostgres(target);
      if (result === 'wrong password' && ++passwordRefusals > maxPasswordRefusals) throw passwordRefused(dataDir);
      return result === 'ready';
    },
  });
}

function serverArgs({ clusterDir, port }: PostgresTarget): string[] {
  const settings = {
    listen_addresses: loopback,
    port: String(port),
    unix_socket_directories: '',
    max_connections: '200',
    shared_buffers: '256MB',
    max_wal_size: '2GB',
    random_page_cost: '1.1',
    fsync: 'on',
    synchronous_commit: 'on',
    full_page_writes: 'on',
    timezone: 'UTC',
    log_timezone: 'UTC',
    // start-up problems are recognized by their English text
    lc_messages: 'C',
  };
  return ['-D', clusterDir, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
}

function environmentWithoutPg(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('PG')));
}

function explainExit(output: string): Error | undefined {
  if (/Address already in use|could not create any TCP\/IP sockets/i.test(output)) {
    return new PortTakenError('PostgreSQL found its port taken by another program.');
  }
  if (/pre-existing shared memory block|lock file "postmaster\.pid" already exists/.test(output)) {
    return new FormerServerInTheWayError(
      'A former PostgreSQL still holds the data directory: end its processes, then start again.',
    );
  }
  return undefined;
}

function passwordRefused(dataDir: string): StartupError {
  return new StartupError(
    `PostgreSQL refuses the password in ${join(dataDir, 'postgres-password')}: put back the file that belongs to this data directory.`,
  );
}
