import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import pg from 'pg';
import { afterEach } from 'vitest';
import { type Embedded, type EmbeddedOptions, startEmbedded } from '../../src/dev/embedded.ts';
import { waitUntil } from '../../src/dev/wait.ts';

const cleanups: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

export function onCleanup(cleanup: () => Promise<void> | void): void {
  cleanups.push(cleanup);
}

/** A fresh directory whose name has a space, letters beyond ASCII, and what URLs give a meaning to. */
export function tempDataDir(): string {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'maintainkit tést ?%20#-')));
  onCleanup(() => rmSync(directory, { recursive: true, force: true, maxRetries: 5 }));
  return directory;
}

export async function start(dataDir: string, options: Partial<EmbeddedOptions> = {}) {
  const lines: string[] = [];
  const embedded = await startEmbedded({
    dataDir,
    temporalUiPort: undefined,
    namespace: 'default',
    searchAttributes: ['MkOrgId', 'MkDeliveryStatus'],
    needPostgres: true,
    needTemporal: true,
    progress: (line) => lines.push(line),
    ...options,
  });
  onCleanup(() => embedded.stop());
  return { ...embedded, lines };
}

export interface Holder {
  child: ChildProcess;
  lines: string[];
  ready: Promise<Pick<Embedded, 'databaseUrl' | 'temporalAddress' | 'temporalUiUrl' | 'firstStart'>>;
  exited: Promise<void>;
}

/** A main process of its own, to be killed. What it leaves running is ended after the test, by pid. */
export function startHolder(dataDir: string): Holder {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'holder.ts'), dataDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: string[] = [];
  const output = createInterface({ input: child.stdout });
  const ready = new Promise<Awaited<Holder['ready']>>((resolve, reject) => {
    output.on('line', (line) => {
      lines.push(line);
      const event = JSON.parse(line);
      if (event.ready) resolve(event.ready);
      if (event.failed) reject(new Error(event.failed));
    });
    child.once('exit', () => reject(new Error('the holder ended before it was ready')));
  });
  ready.catch(() => undefined);
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  onCleanup(async () => {
    child.kill('SIGKILL');
    await exited;
    for (const server of ['postgres', 'temporal'] as const) {
      const pid = pidOf(dataDir, server);
      if (pid !== undefined && isAlive(pid)) process.kill(pid, 'SIGKILL');
    }
  });
  return { child, lines, ready, exited };
}

export function pidOf(dataDir: string, server: 'postgres' | 'temporal'): number | undefined {
  try {
    return JSON.parse(readFileSync(join(dataDir, `${server}.pid`), 'utf8')).pid;
  } catch {
    return undefined;
  }
}

export function runningPid(dataDir: string, server: 'postgres' | 'temporal'): number {
  const pid = pidOf(dataDir, server);
  if (pid === undefined || !isAlive(pid)) throw new Error(`${server} does not run`);
  return pid;
}

export function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) [ZX]/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

export async function query(databaseUrl: string | undefined, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: databaseUrl });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

export async function eventually(condition: () => boolean | Promise<boolean>, timeoutMs = 30_000): Promise<void> {
  const quietly = async () => {
    try {
      return await condition();
    } catch {
      return false;
    }
  };
  if (!(await waitUntil(quietly, { timeoutMs }))) throw new Error(`not so within ${timeoutMs} ms: ${condition}`);
}

/** Takes a port for the length of the test; 0: any. */
export async function occupyPort(port = 0): Promise<number> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port }, resolve);
  });
  onCleanup(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  });
  const address = server.address();
  return typeof address === 'object' && address ? address.port : 0;
}
