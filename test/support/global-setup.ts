import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { openDatabase } from '../../src/db/database.ts';
import { startEmbedded } from '../../src/dev/embedded.ts';
import { acquireDataDir } from '../../src/dev/instance.ts';
import { templateDatabase } from './template.ts';

declare module 'vitest' {
  interface ProvidedContext {
    adminUrl: string;
    temporalAddress: string;
    temporalUiUrl: string;
  }
}

/** One PostgreSQL and one Temporal server for all test files; each takes a database and a namespace of its own. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const root = mkdtempSync(join(tmpdir(), 'maintainkit-test-'));
  const dataDir = await acquireDataDir(root);
  const servers = await startEmbedded({
    dataDir: root,
    temporalUiPort: undefined,
    namespace: 'default',
    searchAttributes: [],
    needPostgres: true,
    needTemporal: true,
    progress: (line) => process.stderr.write(`${line}\n`),
  });
  const { databaseUrl = '', temporalAddress = '', temporalUiUrl = '' } = servers;
  await makeTemplate(databaseUrl);
  project.provide('adminUrl', databaseUrl);
  project.provide('temporalAddress', temporalAddress);
  project.provide('temporalUiUrl', temporalUiUrl);
  return async () => {
    await servers.stop();
    dataDir.release();
    rmSync(root, { recursive: true, force: true, maxRetries: 5 });
  };
}

async function makeTemplate(databaseUrl: string): Promise<void> {
  const client = new pg.Client(databaseUrl);
  await client.connect();
  await client.query(`create database ${templateDatabase}`);
  await client.end();
  const db = await openDatabase(databaseUrl.replace(/\/[^/?]+(\?|$)/, `/${templateDatabase}$1`));
  await db.migrate();
  await db.close();
}
