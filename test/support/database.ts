import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { inject, onTestFinished } from 'vitest';
import { type Database, openDatabase } from '../../src/db/database.ts';
import { createSecretBox, type SecretBox } from '../../src/webhooks/secret-box.ts';
import { templateDatabase } from './template.ts';

export interface TestDatabase extends Database {
  url: string;
  secrets: SecretBox;
}

/** A migrated database of its own, dropped by `close`. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await asAdmin(`create database ${name} template ${templateDatabase}`);
  const url = inject('adminUrl').replace(/\/[^/?]+(\?|$)/, `/${name}$1`);
  const db = await openDatabase(url);
  return {
    ...db,
    url,
    secrets: createSecretBox([Buffer.alloc(32, 7)]),
    async close() {
      await db.close();
      await asAdmin(`drop database ${name} with (force)`);
    },
  };
}

async function asAdmin(sql: string): Promise<void> {
  const client = new pg.Client(inject('adminUrl'));
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

/** Closes something when the test that opened it has finished. */
export function closing<T extends { close(): unknown }>(resource: T): T {
  onTestFinished(async () => {
    await resource.close();
  });
  return resource;
}
