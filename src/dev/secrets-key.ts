import { randomBytes } from 'node:crypto';
import { join, resolve } from 'node:path';
import { readFileIfPresent, writeFileAtomically } from './files.ts';

/** The key that seals webhook secrets where SECRETS_KEY is not set: kept in the data directory, made at its first start. */
export function ownSecretsKey(dataDir: string): Buffer {
  const kept = readOwnSecretsKey(dataDir);
  if (kept !== undefined) return kept;
  const key = randomBytes(32);
  writeFileAtomically(keyFile(dataDir), `${key.toString('base64')}\n`);
  return key;
}

/** undefined where no service has started yet. */
export function readOwnSecretsKey(dataDir: string): Buffer | undefined {
  const text = readFileIfPresent(keyFile(dataDir));
  return text === undefined ? undefined : Buffer.from(text, 'base64');
}

const keyFile = (dataDir: string) => join(resolve(dataDir), 'secrets-key');
