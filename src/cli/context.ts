import type { Client } from '@temporalio/client';
import { InvalidArgumentError } from 'commander';
import { readConfig } from '../config.ts';
import { type Database, openDatabase } from '../db/database.ts';
import { readInstance } from '../dev/instance.ts';
import { readOwnSecretsKey } from '../dev/secrets-key.ts';
import { createSecretBox, type SecretBox } from '../webhooks/secret-box.ts';
import { createLazyTemporal } from '../webhooks/temporal-client.ts';

/** Where the commands work: beside a service that runs in DATA_DIR, or at DATABASE_URL and TEMPORAL_ADDRESS. */
export interface CliContext {
  db: Database;
  pool: Database['pool'];
  databaseUrl: string;
  readonly secrets: SecretBox;
  temporal(): Client;
  /** Where people reach the pages. */
  publicUrl: string;
}

export interface OrgOption {
  org: number;
}

/** Runs a command and prints its answer as one JSON document. Throws an `Error` that says what is missing. */
export async function answer(run: (context: CliContext) => Promise<unknown>): Promise<void> {
  const config = readConfig(process.env);
  const instance = await readInstance(config.DATA_DIR);
  const databaseUrl = config.DATABASE_URL ?? instance?.databaseUrl;
  if (databaseUrl === undefined) {
    throw new Error(
      `No maintainkit runs with its data in ${config.DATA_DIR}: start one with \`npm start\`, or set DATA_DIR or DATABASE_URL.`,
    );
  }
  const db = await openDatabase(databaseUrl, { maxConnections: 2 });
  const address = config.TEMPORAL_ADDRESS ?? instance?.temporalAddress;
  const temporal = address && createLazyTemporal({ address, namespace: config.TEMPORAL_NAMESPACE });
  try {
    const result = await run({
      db,
      pool: db.pool,
      databaseUrl,
      get secrets() {
        return secretBox(config);
      },
      publicUrl: config.PUBLIC_URL ?? instance?.apiUrl ?? `http://localhost:${config.PORT}`,
      temporal() {
        if (!temporal) throw new Error('Set TEMPORAL_ADDRESS as the service has it.');
        return temporal.client();
      },
    });
    process.stdout.write(`${JSON.stringify(result)}\n`);
  } finally {
    if (temporal) await temporal.close();
    await db.close();
  }
}

/** As the service has it: from SECRETS_KEY, or from the data directory where the service runs. */
function secretBox(config: ReturnType<typeof readConfig>): SecretBox {
  const own = readOwnSecretsKey(config.DATA_DIR);
  const keys = config.SECRETS_KEY ?? (own && [own]);
  if (keys === undefined) {
    throw new Error('Set SECRETS_KEY as the service has it: the key that webhook secrets are sealed with.');
  }
  return createSecretBox(keys);
}

export function toId(text: string): number {
  const id = toCount(text);
  if (id === 0) throw new InvalidArgumentError('It must be 1 or more.');
  return id;
}

export function toCount(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

/** A decimal, as it is written. */
export function toNumber(text: string): string {
  if (!/^\d{1,9}(\.\d{1,9})?$/.test(text)) throw new InvalidArgumentError('It must be a number.');
  return text;
}

export function toList(text: string): string[] {
  return text
    .split(',')
    .map((entry) => entry.trim())
    .filter(Boolean);
}
