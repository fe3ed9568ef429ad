import { randomUUID } from 'node:crypto';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import pg from 'pg';
import { openDatabase } from '../src/db/database.ts';
import { startEmbedded } from '../src/dev/embedded.ts';
import { acquireDataDir } from '../src/dev/instance.ts';
import { registerSearchAttributes } from '../src/webhooks/register-search-attributes.ts';

/** A migrated database and a Temporal namespace that nobody used before. */
export interface Place {
  databaseUrl: string;
  temporalAddress: string;
  namespace: string;
}

export interface BenchServers {
  freshPlace(): Promise<Place>;
  stop(): Promise<void>;
}

const template = 'bench_template';
const namespaceTimeoutMs = 30_000;

/** PostgreSQL and Temporal as `npm start` starts them, with their data in a folder that `stop` removes. */
export async function startBenchServers(say: (line: string) => void): Promise<BenchServers> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'maintainkit-bench-')));
  const dataDir = await acquireDataDir(root);
  const embedded = await startEmbedded({
    dataDir: root,
    temporalUiPort: undefined,
    namespace: 'default',
    searchAttributes: [],
    needPostgres: true,
    needTemporal: true,
    progress: say,
  });
  const { databaseUrl: adminUrl = '', temporalAddress = '' } = embedded;
  const urlOf = (name: string) => adminUrl.replace(/\/[^/?]+(\?|$)/, `/${name}$1`);
  await asAdmin(adminUrl, `create database ${template}`);
  const db = await openDatabase(urlOf(template));
  await db.migrate();
  await db.close();

  return {
    async freshPlace() {
      const name = `bench_${randomUUID().replaceAll('-', '')}`;
      const [namespace] = await Promise.all([
        createNamespace(temporalAddress),
        asAdmin(adminUrl, `create database ${name} template ${template}`),
      ]);
      return { databaseUrl: urlOf(name), temporalAddress, namespace };
    },
    async stop() {
      await embedded.stop();
      dataDir.release();
      rmSync(root, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function asAdmin(url: string, sql: string): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  await client.query(sql).finally(() => client.end());
}

async function createNamespace(address: string): Promise<string> {
  const namespace = `bench-${randomUUID()}`;
  const connection = await Connection.connect({ address });
  try {
    await connection.workflowService.registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: msToTs('1 day'),
    });
    const client = new Client({ connection, namespace });
    for (const giveUpAt = Date.now() + namespaceTimeoutMs; ; await delay(200)) {
      const isReady = await registerSearchAttributes(client)
        .then(() => client.workflow.count())
        .then(() => true)
        .catch(() => false);
      if (isReady) return namespace;
      if (Date.now() > giveUpAt) throw new Error(`The namespace was not ready within ${namespaceTimeoutMs} ms.`);
    }
  } finally {
    await connection.close();
  }
}
