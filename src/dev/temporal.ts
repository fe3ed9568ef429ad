import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { endProcess, temporalStopSteps } from './end-process.ts';
import { writeFileAtomically } from './files.ts';
import { awaitReady, PortTakenError, withFreshPorts } from './launch.ts';
import { acceptsConnections, freePort, isPortFree, listensOn, loopback } from './ports.ts';
import type { EmbeddedContext } from './postgres.ts';
import { identifyProcess, isRunning } from './process-identity.ts';
import { listProcessesIn } from './process-list.ts';
import { readOrphan, type ServerProcess, spawnServer } from './server-process.ts';
import { StartupError } from './startup-error.ts';
import { type Supervised, supervise } from './supervisor.ts';
import { findTemporalBinary } from './temporal-binary.ts';
import { type NamespaceSettings, prepareNamespace } from './temporal-namespace.ts';

export interface TemporalOptions extends NamespaceSettings {
  /** undefined: 8233, or another free one. */
  uiPort: number | undefined;
}

export interface EmbeddedTemporal extends Supervised {
  address: string;
  uiUrl: string;
  created: boolean;
}

interface Ports {
  grpc: number;
  ui: number;
}

/** Relative to the data directory, where the server runs: its SQLite driver takes "?" and "%" in a path for more. */
const databaseFile = 'temporal.db';
const [defaultUiPort, readyTimeoutMs] = [8233, 90_000];

export async function startTemporal(context: EmbeddedContext, options: TemporalOptions): Promise<EmbeddedTemporal> {
  const { dataDir, progress } = context;
  await endOrphanTemporal(dataDir, progress);
  if (options.uiPort !== undefined && !(await isPortFree(options.uiPort))) throw uiPortTaken(options.uiPort);
  const binary = await findTemporalBinary(context);
  const created = await removeUnfinishedStore(dataDir);

  progress('Starting Temporal …');
  const launch = (ports: Ports, signal: AbortSignal) => launchTemporal(binary, ports, { ...context, signal }, options);
  const { ports, server } = await withFreshPorts(async () => {
    const ports = await choosePorts(options.uiPort);
    return { ports, server: await launch(ports, context.signal) };
  });
  rmSync(unfinishedMarker(dataDir), { force: true });
  const supervised = supervise(server, {
    ...context,
    name: 'Temporal',
    stopSteps: temporalStopSteps,
    relaunch: (signal) => launch(ports, signal),
  });
  return {
    ...supervised,
    address: `${loopback}:${ports.grpc}`,
    uiUrl: `http://localhost:${ports.ui}`,
    created,
  };
}

async function launchTemporal(
  binary: string,
  ports: Ports,
  { dataDir, signal }: EmbeddedContext,
  options: TemporalOptions,
): Promise<ServerProcess> {
  signal.throwIfAborted();
  const server = spawnServer({
    command: binary,
    args: serverArgs(ports, options),
    cwd: dataDir,
    env: environmentWithoutTemporal(),
    logFile: join(dataDir, 'temporal.log'),
    pidFile: pidFile(dataDir),
  });
  return await awaitReady(server, {
    name: 'Temporal',
    timeoutMs: readyTimeoutMs,
    stopSteps: temporalStopSteps,
    signal,
    explain: (output) => explainExit(output, options.uiPort),
    probe: async () =>
      (await acceptsConnections(ports.grpc)) &&
      listensOn(server.identity.pid, ports.grpc) &&
      (await prepareNamespace(ports.grpc, options)),
  });
}

function serverArgs(ports: Ports, { namespace, searchAttributes }: TemporalOptions): string[] {
  return [
    ...['server', 'start-dev', '--ip', loopback, '--port', String(ports.grpc), '--ui-port', String(ports.ui)],
    ...['--db-filename', databaseFile, '--namespace', namespace],
    ...['--sqlite-pragma', 'journal_mode=wal', '--sqlite-pragma', 'synchronous=normal'],
    // It would ask Temporal's servers for a newer version.
    ...['--dynamic-config-value', 'frontend.enableServerVersionCheck=false'],
    ...searchAttributes.flatMap((name) => ['--search-attribute', `${name}=Keyword`]),
  ];
}

/** The CLI takes options from TEMPORAL_* too, and those meant for our clients are not meant for it. */
function environmentWithoutTemporal(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TEMPORAL_')));
}

async function choosePorts(uiPort: number | undefined): Promise<Ports> {
  const grpc = await freePort();
  if (uiPort !== undefined) return { grpc, ui: uiPort };
  if (await isPortFree(defaultUiPort)) return { grpc, ui: defaultUiPort };
  for (;;) {
    const ui = await freePort();
    if (ui !== grpc) return { grpc, ui };
  }
}

async function endOrphanTemporal(dataDir: string, progress: (line: string) => void): Promise<void> {
  const listed = listProcessesIn(dataDir).filter(
    ({ args }) => args.includes('start-dev') && args.includes(databaseFile),
  );
  const orphans = [readOrphan(pidFile(dataDir)), ...listed.map(({ pid }) => identifyProcess(pid))];
  for (const orphan of orphans.filter((identity) => identity !== undefined)) {
    if (!isRunning(orphan)) continue;
    progress(`Stopping the Temporal server that a killed start left running (process ${orphan.pid}) …`);
    await endProcess(orphan, temporalStopSteps);
  }
}

/**
 * The server creates its schema only when the file is absent, so a first start killed in between would leave a store
 * that never works. The marker stays until the first start is through: nothing of value can be in there before.
 */
async function removeUnfinishedStore(dataDir: string): Promise<boolean> {
  const marker = unfinishedMarker(dataDir);
  if (existsSync(join(dataDir, databaseFile)) && !existsSync(marker)) return false;
  writeFileAtomically(marker, '');
  for (const name of readdirSync(dataDir).filter((entry) => entry.startsWith(databaseFile) && entry !== markerName)) {
    rmSync(join(dataDir, name));
  }
  return true;
}

const markerName = `${databaseFile}.unfinished`;

function unfinishedMarker(dataDir: string): string {
  return join(dataDir, markerName);
}

function pidFile(dataDir: string): string {
  return join(dataDir, 'temporal.pid');
}

function explainExit(output: string, uiPort: number | undefined): Error | undefined {
  if (!/address already in use/i.test(output)) return undefined;
  return uiPort !== undefined && output.includes(`can't set UI port`)
    ? uiPortTaken(uiPort)
    : new PortTakenError('Temporal found one of its ports taken by another program.');
}

function uiPortTaken(port: number): StartupError {
  return new StartupError(
    `Port ${port} (TEMPORAL_UI_PORT) is in use by another program: stop that, or set TEMPORAL_UI_PORT to a free port.`,
  );
}
