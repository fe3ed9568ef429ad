import { createHash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { Connection, Queryable } from '../db/database.ts';
import { conflict, notFound } from '../errors.ts';

export type Scope = 'read' | 'write';

export interface ApiKey {
  id: number;
  organizationId: number;
  scope: Scope;
  /** Requests; 0: no limit; null: as the environment says. */
  rateLimitPerMinute: number | null;
}

const prefix = 'mk_live_';
const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const randomLength = 43; // 43 base62 characters hold 256 bits
const checksumLength = 6;
const keyPattern = new RegExp(`^${prefix}[0-9A-Za-z]{${randomLength + checksumLength}}$`);

export interface NewApiKey {
  organizationId: number;
  scope: Scope;
  name?: string | null | undefined;
  /** Without it the key never expires. */
  expiresAt?: Date | null | undefined;
  /** As `ApiKey` has it. */
  rateLimitPerMinute?: number | null;
}

/** A key as people see it: what it opens with is not kept. */
export interface ApiKeyInList {
  id: number;
  name: string | null;
  scope: Scope;
  prefix: string;
  lastFour: string;
  createdAt: Date;
  lastUsedAt: Date | null;
  expiresAt: Date | null;
  revokedAt: Date | null;
  state: 'live' | 'expired' | 'revoked';
}

/** Creates a key and answers it whole, the only time that it can be seen. Throws when the organization does not exist. */
export async function createApiKey(
  { pool }: { pool: Queryable },
  { organizationId, scope, name, expiresAt = null, rateLimitPerMinute = null }: NewApiKey,
): Promise<{ id: number; key: string }> {
  const key = newKey();
  const { rows } = await pool.query<{ id: string }>(
    `insert into api_key (organization_id, name, scope, sha256, prefix, last_four, expires_at, rate_limit_per_minute)
     select id, $2, $3, $4, $5, $6, $7, $8 from organization where id = $1 returning id`,
    [organizationId, name ?? null, scope, sha256(key), prefix, key.slice(-4), expiresAt, rateLimitPerMinute],
  );
  if (rows[0] === undefined) throw new Error(`Organization ${organizationId} does not exist.`);
  return { id: Number(rows[0].id), key };
}

/** An organization's keys, the live ones first, then the newest. */
export async function listApiKeys({ pool }: { pool: Queryable }, organizationId: number): Promise<ApiKeyInList[]> {
  const { rows } = await pool.query<ApiKeyRow>(`${selectKeys} where organization_id = $1`, [organizationId]);
  return rows.map(toListed).sort((a, b) => Number(b.state === 'live') - Number(a.state === 'live') || b.id - a.id);
}

/** One of an organization's keys, in whatever state. */
export async function getApiKey({ pool }: { pool: Queryable }, { organizationId, id }: KeyId): Promise<ApiKeyInList> {
  const { rows } = await pool.query<ApiKeyRow>(`${selectKeys} where organization_id = $1 and id = $2`, [
    organizationId,
    id,
  ]);
  if (rows[0] === undefined) throw notFound(`There is no API key ${id}.`);
  return toListed(rows[0]);
}

/**
 * Replaces a live key by a new one of the same name, scope and rate limit, for as long as the old one was made for. The old one works on
 * for `overlapHours`, or until its own expiry when that comes first. Throws 404, and 409 when the key is live no more.
 */
export async function rotateApiKey(
  db: Connection,
  { organizationId, id, overlapHours }: KeyId & { overlapHours: number },
): Promise<{ id: number; key: string }> {
  return db.transaction(async ({ pool }) => {
    const { rows } = await pool.query<OldKey>(
      `update api_key set expires_at = least(expires_at, now() + make_interval(hours => $3))
       where organization_id = $1 and id = $2 and ${isLive}
       returning name, scope, rate_limit_per_minute, (select now() + (expires_at - created_at) from api_key where id = $2) as next_expiry`,
      [organizationId, id, overlapHours],
    );
    const old = rows[0];
    if (old === undefined) throw await notLive({ pool }, { organizationId, id });
    return createApiKey(
      { pool },
      {
        organizationId,
        name: old.name,
        scope: old.scope,
        rateLimitPerMinute: old.rate_limit_per_minute,
        expiresAt: old.next_expiry === null ? null : new Date(old.next_expiry),
      },
    );
  });
}

interface OldKey {
  name: string | null;
  scope: Scope;
  rate_limit_per_minute: number | null;
  next_expiry: string | null;
}

/** Answers the live key, or undefined when it is mistyped (told by its checksum, without a query), unknown, revoked or expired. */
export async function findApiKey({ pool }: { pool: Queryable }, key: string): Promise<ApiKey | undefined> {
  if (!isWellFormed(key)) return undefined;
  const { rows } = await pool.query<KeyRow>({
    name: 'find-api-key',
    text: `select id, organization_id, scope, rate_limit_per_minute, coalesce(last_used_at > now() - interval '1 minute', false) as used
           from api_key
           where sha256 = $1 and ${isLive}`,
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

/** Ends a key at once; `organizationId` narrows to its own. Answers false when there is no such key that is still live. */
export async function revokeApiKey(
  { pool }: { pool: Queryable },
  id: number,
  organizationId?: number,
): Promise<boolean> {
  const { rowCount } = await pool.query(
    'update api_key set revoked_at = now() where id = $1 and revoked_at is null and organization_id = coalesce($2, organization_id)',
    [id, organizationId ?? null],
  );
  return rowCount === 1;
}

const isLive = 'revoked_at is null and (expires_at is null or expires_at > now())';

async function notLive({ pool }: { pool: Queryable }, key: KeyId): Promise<Error> {
  const { state } = await getApiKey({ pool }, key);
  return conflict(`API key ${key.id} is ${state}.`);
}

interface KeyId {
  organizationId: number;
  id: number;
}

const selectKeys = `select id, name, scope, prefix, last_four, created_at, last_used_at, expires_at, revoked_at,
  ${isLive} as is_live from api_key`;

interface ApiKeyRow {
  id: string;
  name: string | null;
  scope: Scope;
  prefix: string;
  last_four: string;
  created_at: string;
  last_used_at: string | null;
  expires_at: string | null;
  revoked_at: string | null;
  is_live: boolean;
}

function toListed(row: ApiKeyRow): ApiKeyInList {
  const dead = row.revoked_at === null ? 'expired' : 'revoked';
  return {
    id: Number(row.id),
    name: row.name,
    scope: row.scope,
    prefix: row.prefix,
    lastFour: row.last_four,
    createdAt: new Date(row.created_at),
    lastUsedAt: dateOrNull(row.last_used_at),
    expiresAt: dateOrNull(row.expires_at),
    revokedAt: dateOrNull(row.revoked_at),
    state: row.is_live ? 'live' : dead,
  };
}

const dateOrNull = (value: string | null) => (value === null ? null : new Date(value));

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
