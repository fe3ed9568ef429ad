import { mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApp } from '../../src/app.ts';
import { openDatabase } from '../../src/db/database.ts';
import { type Embedded, startEmbedded } from '../../src/dev/embedded.ts';
import { serve } from '../../src/http/serve.ts';
import { createLogger } from '../../src/log.ts';
import { createApiKey } from '../../src/organizations/api-key.ts';
import { createOrganization } from '../../src/organizations/organization.ts';
import { createSecretBox } from '../../src/webhooks/secret-box.ts';
import { createLazyTemporal } from '../../src/webhooks/temporal-client.ts';
import { createWaker } from '../../src/webhooks/wake.ts';
import type { TestApi } from './api.ts';
import { eventually } from './deliveries.ts';

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
  const log = createLogger('silent');
  const temporal = createLazyTemporal({ address: temporalAddress, namespace: 'default' });
  const app = createApp({
    db,
    log,
    secrets: db.secrets,
    temporal: temporal.client,
    temporalUi: undefined,
    wakeDispatcher: createWaker({ pool: db.pool, log }),
  });
  const serving = await serve(app.callback(), 0);
  const origin = `http://127.0.0.1:${serving.port}`;
  const { id: organizationId } = await createOrganization(db, 'Test');
  const { key } = await createApiKey(db, { organizationId, scope: 'write' });
  return {
    db,
    origin,
    organizationId,
    key,
    createOrganization: async () => (await createOrganization(db, 'Another')).id,
    createKey: async (scope, id = organizationId) => (await createApiKey(db, { organizationId: id, scope })).key,
    async request(method, path, options = {}) {
      const response = await fetch(`${origin}/api/v1${path}`, {
        method,
        headers: { Authorization: `Bearer ${options.key ?? key}`, 'Content-Type': 'application/json' },
        body: JSON.stringify(options.body),
      });
      const text = await response.text();
      return { status: response.status, headers: response.headers, text, body: JSON.parse(text) };
    },
    async close() {
      await serving.stop();
      await temporal.close();
      await db.close();
    },
  };
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
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const [host, port] = forwarder.target.split(':');
    const far = connect(Number(port), host);
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const forwarder: Forwarder = {
    address: `127.0.0.1:${port}`,
    target,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return forwarder;
}
