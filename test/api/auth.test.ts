import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApiKey, revokeApiKey } from '../../src/organizations/api-key.ts';
import { startTestApi, type TestApi } from '../support/api.ts';
import { expectError, newLocation, newPart, rowCounts } from './support.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api?.close());

const base62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

describe('a key', () => {
  it.each([
    ['Authorization: Bearer', (key: string) => ({ Authorization: `Bearer ${key}` })],
    ['Authorization: bearer (a scheme ignores case)', (key: string) => ({ Authorization: `bearer ${key}` })],
    ['X-API-Key', (key: string) => ({ 'X-API-Key': key })],
    ['x-api-key', (key: string) => ({ 'x-api-key': key })],
  ])('opens the API in %s', async (_, headers) => {
    const answer = await api.request('GET', '/parts', { key: null, headers: headers(api.key) });
    expect(answer.status).toBe(200);
  });

  it('is mk_live_, at least 43 random base62 characters, and a base62 CRC32 of 6', () => {
    expect(api.key).toMatch(/^mk_live_[0-9A-Za-z]{49,}$/);
    const value = [...api.key.slice(-6)].reduce((sum, digit) => sum * 62 + base62.indexOf(digit), 0);
    const random = api.key.slice('mk_live_'.length, -6);
    expect([crc32(api.key.slice(0, -6)), crc32(random)]).toContain(value);
  });

  it('is stored as its SHA-256 only, with prefix and last four for showing', async () => {
    const { rows } = await api.db.pool.query(
      `select to_json(k)::text as text, encode(sha256, 'hex') as sha256, prefix, last_four from api_key k where sha256 = $1`,
      [createHash('sha256').update(api.key).digest()],
    );
    expect(rows).toHaveLength(1);
    expect(rows[0].text).not.toContain(api.key.slice(8, -4));
    expect(rows[0]).toMatchObject({ prefix: 'mk_live_', last_four: api.key.slice(-4) });
  });

  it('notes its last use', async () => {
    const { id, key } = await createApiKey(api.db, { organizationId: api.organizationId, scope: 'read' });
    const lastUse = async () =>
      (await api.db.pool.query('select last_used_at from api_key where id = $1', [id])).rows[0].last_used_at;
    expect(await lastUse()).toBeNull();
    await api.request('GET', '/parts', { key });
    expect(await lastUse()).not.toBeNull();
  });
});

describe('refuses with 401', () => {
  const flipped = (key: string) => key.slice(0, -1) + (key.endsWith('a') ? 'b' : 'a');
  it.each<[string, (key: string) => Record<string, string>]>([
    ['no key', () => ({})],
    ['an empty X-API-Key', () => ({ 'X-API-Key': '' })],
    ['Bearer without a key', () => ({ Authorization: 'Bearer' })],
    ['the key without its scheme', (key) => ({ Authorization: key })],
    ['the Basic scheme', (key) => ({ Authorization: `Basic ${btoa(`${key}:`)}` })],
    ['a mistyped last character', (key) => ({ Authorization: `Bearer ${flipped(key)}` })],
    ['another case', (key) => ({ Authorization: `Bearer ${key.toUpperCase()}` })],
    ['a cut key', (key) => ({ Authorization: `Bearer ${key.slice(0, -1)}` })],
    ['an overlong key', (key) => ({ 'X-API-Key': `${key}0` })],
    ['two keys in one header', (key) => ({ 'X-API-Key': `${key}, ${key}` })],
    ['an SQL quote', () => ({ 'X-API-Key': "mk_live_' or 1=1 --" })],
    ['the prefix alone', () => ({ 'X-API-Key': 'mk_live_' })],
    ['8 KB of key', () => ({ 'X-API-Key': `mk_live_${'a'.repeat(8_000)}` })],
    ['Latin-1 bytes', () => ({ 'X-API-Key': 'mk_live_\u00e9\u00ff' })],
  ])('%s', async (_, headers) => {
    expectError(await api.request('GET', '/parts', { key: null, headers: headers(api.key) }), 401, 'unauthorized');
  });

  it('a well-formed key that no one has', async () => {
    const { id, key } = await createApiKey(api.db, { organizationId: api.organizationId, scope: 'write' });
    await api.db.pool.query('delete from api_key where id = $1', [id]);
    expectError(await api.request('GET', '/parts', { key }), 401, 'unauthorized');
  });

  it('a revoked key, from the next request on', async () => {
    const { id, key } = await createApiKey(api.db, { organizationId: api.organizationId, scope: 'write' });
    expect((await api.request('GET', '/parts', { key })).status).toBe(200);
    await revokeApiKey(api.db, id);
    expectError(await api.request('GET', '/parts', { key }), 401, 'unauthorized');
  });

  it('an expired key, and no key before its expiry', async () => {
    const { id, key } = await createApiKey(api.db, { organizationId: api.organizationId, scope: 'write' });
    const expire = (interval: string) =>
      api.db.pool.query('update api_key set expires_at = now() + $2::interval where id = $1', [id, interval]);
    await expire('1 hour');
    expect((await api.request('GET', '/parts', { key })).status).toBe(200);
    await expire('-1 millisecond');
    expectError(await api.request('GET', '/parts', { key }), 401, 'unauthorized');
  });

  it('unknown paths and bad bodies alike: nothing is told without a key', async () => {
    expectError(await api.request('GET', '/nothing', { key: null }), 401, 'unauthorized');
    expectError(await api.request('DELETE', '/parts', { key: null }), 401, 'unauthorized');
    expectError(await api.request('POST', '/parts', { key: null, body: '{' }), 401, 'unauthorized');
  });
});

describe('a read-only key', () => {
  it.each(['/parts', '/locations', '/stock', '/movements'])('reads %s', async (path) => {
    const answer = await api.request('GET', path, { key: await api.createKey('read') });
    expect(answer.status).toBe(200);
  });

  it('is refused each write with 403, before the body is judged, and nothing is written', async () => {
    const part = await newPart(api);
    const location = await newLocation(api);
    const key = await api.createKey('read');
    const before = await rowCounts(api);
    const movement = { kind: 'receive', partId: part.id, locationId: location.id, qty: 1 };
    for (const [method, path, body] of [
      ['POST', '/parts', { sku: 'R', name: 'R' }],
      ['POST', '/parts', '{'],
      ['PATCH', `/parts/${part.id}`, { name: 'R' }],
      ['PATCH', '/parts/no-such-part', {}],
      ['POST', '/locations', { name: 'R' }],
      ['POST', '/movements', movement],
      ['POST', '/movements', {}],
    ] as const) {
      expectError(await api.request(method, path, { key, body }), 403, 'forbidden');
    }
    expect(await rowCounts(api)).toEqual(before);
  });
});
