import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { openDatabase } from '../../src/db/database.ts';
import { type Answer, serveTestApi, startTestApi, type TestApi } from '../support/api.ts';
import { createTestDatabase } from '../support/database.ts';
import { expectError, newLocation, newPart, unique } from './support.ts';

const windowSeconds = 4;

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi({ rateLimit: { defaultPerMinute: undefined, windowSeconds } });
});
afterAll(() => api?.close());

const keyWith = (rateLimitPerMinute: number | null, to = api) =>
  to.createKey('write', to.organizationId, { rateLimitPerMinute });
const get = (key: string, path = '/locations', to = api) => to.request('GET', path, { key });

/** What an answer says is left. */
const leftIn = (answer: Answer) => Number(/^"per-key";r=(\d+);t=\d+$/.exec(answer.headers.get('ratelimit') ?? '')?.[1]);

function expectRefused(answer: Answer) {
  expectError(answer, 429, 'rate_limited', /go on in/);
  const retryAfter = Number(answer.headers.get('retry-after'));
  expect(retryAfter).toBeGreaterThanOrEqual(1);
  expect(retryAfter).toBeLessThanOrEqual(windowSeconds);
  expect(answer.headers.get('ratelimit')).toBe(`"per-key";r=0;t=${retryAfter}`);
  return retryAfter;
}

it('lets a key without a limit do as it likes, and says nothing of limits', async () => {
  for (const answer of await Promise.all(Array.from({ length: 20 }, () => get(api.key)))) {
    expect(answer.status).toBe(200);
    expect(answer.headers.has('ratelimit')).toBe(false);
    expect(answer.headers.has('ratelimit-policy')).toBe(false);
  }
});

it('refuses what goes beyond the limit, says when to go on, and goes on then', async () => {
  const key = await keyWith(3);
  for (const left of [2, 1, 0]) {
    const answer = await get(key);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('ratelimit-policy')).toBe(`"per-key";q=3;w=${windowSeconds}`);
    expect(leftIn(answer)).toBe(left);
  }
  expectRefused(await get(key));
  const retryAfter = expectRefused(await get(key));
  await sleep(retryAfter * 1_000);
  const again = await get(key);
  expect([again.status, leftIn(again)]).toEqual([200, 2]);
});

it('counts and marks every answer of the key, whatever it is, but no other key', async () => {
  const [key, other] = [await keyWith(5), await keyWith(5)];
  const answers = [
    await get(key, '/parts/NOT-THERE'),
    await get(key, '/nowhere'),
    await api.request('DELETE', '/parts', { key }),
    await api.request('POST', '/parts', { key, body: {} }),
    await get(key, '/parts?mistyped=1'),
  ];
  expect(answers.map(({ status }) => status)).toEqual([404, 404, 405, 422, 400]);
  expect(answers.map(leftIn)).toEqual([4, 3, 2, 1, 0]);
  expectRefused(await get(key));
  expect(leftIn(await get(other))).toBe(4);
});

it('writes nothing of a refused request, which may be sent again under its idempotency key', async () => {
  const key = await keyWith(1);
  await get(key);
  const request = { key, headers: { 'Idempotency-Key': unique('key') }, body: { sku: unique('P'), name: 'A part' } };
  const retryAfter = expectRefused(await api.request('POST', '/parts', request));
  await sleep(retryAfter * 1_000);
  const created = await api.request('POST', '/parts', request);
  expect([created.status, created.headers.has('idempotent-replayed')]).toEqual([201, false]);
});

it('lets exactly as many through when they come all at once', async () => {
  const key = await keyWith(10);
  const answers = await Promise.all(Array.from({ length: 40 }, () => get(key)));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(10);
  expect(answers.filter(({ status }) => status === 429)).toHaveLength(30);
});

it('counts a batch as one request', async () => {
  const key = await keyWith(2);
  const [part, place] = [await newPart(api), await newLocation(api)];
  const movements = Array.from({ length: 50 }, () => ({
    kind: 'receive',
    sku: part.sku,
    location: place.name,
    qty: 1,
  }));
  const answer = await api.request('POST', '/movements/batch', { key, body: { movements } });
  expect([answer.status, leftIn(answer)]).toEqual([201, 1]);
});

describe('over several API processes', () => {
  it('counts the requests of a key together', async () => {
    const settings = { temporalAddress: inject('temporalAddress'), namespace: 'default' };
    const db = await createTestDatabase();
    const first = await serveTestApi(db, settings);
    const second = await serveTestApi({ ...db, ...(await openDatabase(db.url)) }, settings);
    try {
      const key = await keyWith(10, first);
      const answers = await Promise.all(
        Array.from({ length: 30 }, (_, i) => get(key, '/parts', i % 2 ? first : second)),
      );
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(10);
      expect(answers[0]?.headers.get('ratelimit-policy')).toBe('"per-key";q=10;w=60');
    } finally {
      await second.close();
      await first.close();
    }
  });
});

describe('with a default in the environment', () => {
  let limited: TestApi;
  beforeAll(async () => {
    // So long that no test outlasts it.
    limited = await startTestApi({ rateLimit: { defaultPerMinute: 2, windowSeconds: 3_600 } });
  });
  afterAll(() => limited?.close());

  const mk = async (...args: string[]) => {
    const cli = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));
    const env = { ...process.env, DATABASE_URL: limited.db.url };
    return JSON.parse((await promisify(execFile)(process.execPath, [cli, 'key', ...args], { env })).stdout);
  };

  it('limits keys that have no limit of their own', async () => {
    const answers = [];
    for (let i = 0; i < 3; i++) answers.push(await get(limited.key, '/parts', limited));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
  });

  it('lets `mk key` give a key its own limit, none, or the default again, at once', async () => {
    const create = ['create', '--org', `${limited.organizationId}`, '--scope', 'read'];
    const { id, key } = await mk(...create, '--rate-limit-per-minute', '5');
    const left = async () => leftIn(await get(key, '/parts', limited));
    expect(await left()).toBe(4);
    expect(await mk('update', `${id}`, '--rate-limit-per-minute', 'none')).toEqual({ id, rateLimitPerMinute: 'none' });
    expect(await left()).toBeNaN();
    expect(await mk('update', `${id}`, '--rate-limit-per-minute', '100')).toEqual({ id, rateLimitPerMinute: 100 });
    expect(await left()).toBe(98);
    await mk('update', `${id}`, '--rate-limit-per-minute', 'default');
    expectError(await get(key, '/parts', limited), 429, 'rate_limited');
    const { key: free } = await mk(...create, '--rate-limit-per-minute', 'none');
    expect(leftIn(await get(free, '/parts', limited))).toBeNaN();
    await expect(mk('update', `${id}`, '--rate-limit-per-minute', '0')).rejects.toThrow('It must be 1 or more');
    await expect(mk('update', '999', '--rate-limit-per-minute', '1')).rejects.toThrow('no live key');
  }, 120_000);
});

it('takes RATE_LIMIT_PER_MINUTE as a whole number of requests, and none without it', () => {
  expect(readConfig({}).RATE_LIMIT_PER_MINUTE).toBeUndefined();
  expect(readConfig({ RATE_LIMIT_PER_MINUTE: '600' }).RATE_LIMIT_PER_MINUTE).toBe(600);
  for (const wrong of ['0', '-1', '1.5', 'many']) {
    expect(() => readConfig({ RATE_LIMIT_PER_MINUTE: wrong })).toThrow(/RATE_LIMIT_PER_MINUTE/);
  }
});
