import { createHash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { Queryable } from '../db/database.ts';

export type Scope = 'read' | 'write';

export interface ApiKey {
  id: number;
  organizationId: number;
  scope: Scope;
  /** Requests; 0: no limit; null: as the environment says. */
  rateLimitPerMinute: number | null;
}

export interface NewApiKey {
  organizationId: number;
  scope: Scope;
  name?: string | undefined;
  rateLimitPerMinute?: number | null;
}

const prefix = 'mk_live_';
const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const randomLength = 43; // 43 base62 characters hold 256 bits
const checksumLength = 6;
const keyPattern = new RegExp(`^${prefix}[0-9A-Za-z]{${randomLength + checksumLength}}$`);

/** Creates a key and answers it whole, the only time that it can be seen. Throws when the organization does not exist. */
export async function createApiKey(
  { pool }: { pool: Queryable },
  { organizationId, scope, name, rateLimitPerMinute = null }: NewApiKey,
): Promise<{ id: number; key: string }> {
  const key = newKey();
  const { rows } = await pool.query<{ id: string }>(
    `insert into api_key (organization_id, name, scope, sha256, prefix, last_four, rate_limit_per_minute)
     select id, $2, $3, $4, $5, $6, $7 from organization where id = $1 returning id`,
    [organizationId, name ?? null, scope, sha256(key), prefix, key.slice(-4), rateLimitPerMinute],
  );
  if (rows[0] === undefined) throw new Error(`Organization ${organizationId} does not exist.`);
  return { id: Number(rows[0].id), key };
}

/** Answers the live key, or undefined when it is mistyped (told by its checksum, without a query), unknown, revoked or expired. */
export async function findApiKey({ pool }: { pool: Queryable }, key: string): Promise<ApiKey | undefined> {
  if (!isWellFormed(key)) return undefined;
  const { rows } = await pool.query<KeyRow>({
    name: 'find-api-key',
    text: `select id, organization_id, scope, rate_limit_per_minute, coalesce(last_used_at > now() - interval '1 minute', false) as used
           from api_key
           where sha256 = $1 and revoked_at is null and (expires_at is null or expires_at > now())`,
    values: [sha256(key)],
  });
  const row = rows[0];
  if (row === undefined) return undefined;
  if (!row.used) await noteUse(pool, row.id);
  return {
    id: Number(row.id),
    organizationId: Number(row.organization_id),
    scope: row.scope,
    rateLimitPerMinute: row.rate_limit_per_minute,
  };
}

interface KeyRow {
  id: string;
  organization_id: string;
  scope: Scope;
  rate_limit_per_minute: number | null;
  used: boolean;
}

/** From the next request on. Answers false when there is no such key that is still live. */
export async function updateApiKey(
  { pool }: { pool: Queryable },
  id: number,
  { rateLimitPerMinute }: Pick<ApiKey, 'rateLimitPerMinute'>,
): Promise<boolean> {
  const { rowCount } = await pool.query(
    'update api_key set rate_limit_per_minute = $2 where id = $1 and revoked_at is null',
    [id, rateLimitPerMinute],
  );
  return rowCount === 1;
}

/** Answers false when there is no such key that is still live. */
export async function revokeApiKey({ pool }: { pool: Queryable }, id: number): Promise<boolean> {
  const { rowCount } = await pool.query('update api_key set revoked_at = now() where id = $1 and revoked_at is null', [
    id,
  ]);
  return rowCount === 1;
}

/** Once a minute is enough to show "last used"; requests in parallel skip the row rather than wait for it. */
async function noteUse(pool: Queryable, id: string): Promise<void> {
  await pool.query(
    `update api_key set last_used_at = now()
     where id in (select id from api_key where id = $1 for no key update skip locked)`,
    [id],
  );
}

function newKey(): string {
  const random = Array.from({ length: randomLength }, randomCharacter).join('');
  return prefix + random + checksum(prefix + random);
}

/** Base62 without modulo bias: bytes of 248 and more are thrown away. */
function randomCharacter(): string {
  for (;;) {
    const byte = randomBytes(1)[0] ?? 255;
    if (byte < 248) return alphabet[byte % 62] ?? '';
  }
}

function isWellFormed(key: string): boolean {
  return keyPattern.test(key) && checksum(key.slice(0, -checksumLength)) === key.slice(-checksumLength);
}

function checksum(text: string): string {
  let rest = crc32(text);
  let digits = '';
  while (digits.length < checksumLength) {
    digits = (alphabet[rest % 62] ?? '') + digits;
    rest = Math.floor(rest / 62);
  }
  return digits;
}

const sha256 = (key: string) => createHash('sha256').update(key).digest();
