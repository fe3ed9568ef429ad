import { mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '../../src/db/database.ts';
import { type Embedded, startEmbedded } from '../../src/dev/embedded.ts';
import { createSecretBox } from '../../src/webhooks/secret-box.ts';
import { serveTestApi, type TestApi } from './api.ts';
import { eventually } from './deliveries.ts';
import { startProxy } from './proxy.ts';

type Server = 'postgres' | 'temporal';

export interface OwnServers extends Embedded {
  dataDir: string;
  /** kill -9, as soon as it answers; it is started again on the same port by itself. */
  kill(server: Server): Promise<void>;
  /** When the last killed one of all answered again; rejects while one is away. */
  backAtMs(): Promise<number>;
}

/** A data directory for servers of a test's own. */
export function makeDataDir(): { path: string; close(): void } {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'maintainkit-outage-')));
  return { path, close: () => rmSync(path, { recursive: true, force: true, maxRetries: 5 }) };
}

/** Servers that nobody else uses, and that may be killed: at most four times a minute each. */
export async function startOwnServers(
  dataDir: string,
  { needPostgres, needTemporal }: { needPostgres: boolean; needTemporal: boolean },
): Promise<OwnServers> {
  const answersAtMs: number[] = [];
  const embedded = await startEmbedded({
    dataDir,
    temporalUiPort: undefined,
    namespace: 'default',
    searchAttributes: [],
    needPostgres,
    needTemporal,
    progress: (line) => line.endsWith('answers again.') && answersAtMs.push(Date.now()),
  });
  let kills = 0;
  const areBack = () => answersAtMs.length === kills;
  return {
    ...embedded,
    dataDir,
    async kill(server) {
      await eventually(areBack, `${server} is up, to be killed`);
      kills += 1;
      process.kill(JSON.parse(readFileSync(join(dataDir, `${server}.pid`), 'utf8')).pid, 'SIGKILL');
    },
    async backAtMs() {
      await eventually(areBack, 'the killed servers answer again');
      return answersAtMs.at(-1) ?? 0;
    },
  };
}

/** Like `startTestApi`, on servers of the test's own. */
export async function startApiOn({ databaseUrl, temporalAddress }: OwnServers): Promise<TestApi> {
  if (databaseUrl === undefined || temporalAddress === undefined) throw new Error('it needs both servers');
  const database = await openDatabase(databaseUrl);
  await database.migrate();
  const db = { ...database, url: databaseUrl, secrets: createSecretBox([Buffer.alloc(32, 7)]) };
  return serveTestApi(db, { temporalAddress, namespace: 'default' });
}

export interface Forwarder {
  /** host:port, the same whatever is behind it. */
  address: string;
  /** host:port of the server behind it; while nothing listens there, every connection ends at once. */
  target: string;
  close(): Promise<void>;
}

/** An address that stays while the server behind it goes away and comes back on another port. */
export async function startForwarder(target: string): Promise<Forwarder> {
  const proxy = await startProxy(
    () => {
      const [host = '', port] = forwarder.target.split(':');
      return { host, port: Number(port) };
    },
    (near, far) => {
      near.pipe(far);
      far.pipe(near);
    },
  );
  const forwarder: Forwarder = { address: `127.0.0.1:${proxy.port}`, target, close: proxy.close };
  return forwarder;
}
