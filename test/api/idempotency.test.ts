import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, startTestApi, type TestApi } from '../support/api.ts';
import { expectError, newLocation, newPart, rowCounts, unique } from './support.ts';

let api: TestApi;
let part: { id: number; sku: string };
let place: { id: number; name: string };
beforeAll(async () => {
  api = await startTestApi();
  part = await newPart(api);
  place = await newLocation(api);
});
afterAll(() => api?.close());

const send = (method: string, path: string, key: string, body?: unknown): Promise<Answer> =>
  api.request(method, path, { headers: { 'Idempotency-Key': key }, ...(body === undefined ? {} : { body }) });
const receive = (qty = 5) => ({ kind: 'receive', sku: part.sku, location: place.name, qty });

/** The writes that a key makes safe, each as a request that succeeds. */
const writes: [string, () => [string, string, unknown?]][] = [
  ['POST /movements', () => ['POST', '/movements', receive()]],
  ['POST /movements/batch', () => ['POST', '/movements/batch', { movements: [receive(), receive()] }]],
  ['POST /parts', () => ['POST', '/parts', { sku: unique('P'), name: 'A part' }]],
  ['PATCH /parts/:id', () => ['PATCH', `/parts/${part.id}`, { name: unique('Name') }]],
  [
    'PUT /parts/batch',
    () => ['PUT', '/parts/batch', { parts: [{ sku: unique('P'), name: 'A part' }, { sku: part.sku }] }],
  ],
  ['POST /locations', () => ['POST', '/locations', { name: unique('Place') }]],
  ['PATCH /locations/:id', () => ['PATCH', `/locations/${place.id}?by=id`, { externalId: unique('E') }]],
];

describe.each(writes)('%s under an idempotency key', (_name, request) => {
  it('answers a repeat as it answered at first, and writes nothing again', async () => {
    const key = unique('key');
    const [method, path, body] = request();
    const first = await send(method, path, key, body);
    expect([200, 201]).toContain(first.status);
    expect(first.headers.get('idempotent-replayed')).toBeNull();
    const before = await rowCounts(api);
    const again = await send(method, path, key, body);
    expect([again.status, again.text]).toEqual([first.status, first.text]);
    for (const name of ['location', 'etag', 'content-type']) {
      expect(again.headers.get(name)).toBe(first.headers.get(name));
    }
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(await rowCounts(api)).toEqual(before);
  });

  it('refuses another request under the same key', async () => {
    const key = unique('key');
    const [method, path, body] = request();
    expect((await send(method, path, key, body)).status).toBeLessThan(300);
    const before = await rowCounts(api);
    const another = path.endsWith('batch')
      ? { ...(body as object), atomic: false }
      : { ...(body as object), note: 'x' };
    expectError(await send(method, path, key, another), 422, 'unprocessable', /Idempotency-Key/);
    expect(await rowCounts(api)).toEqual(before);
  });

  it('runs once when sent many times at once: one answer, 409 or the same answer for the others', async () => {
    const key = unique('key');
    const [method, path, body] = request();
    const answers = await Promise.all(Array.from({ length: 8 }, () => send(method, path, key, body)));
    const done = answers.filter((answer) => answer.status < 300);
    const fresh = done.filter((answer) => answer.headers.get('idempotent-replayed') === null);
    expect(fresh).toHaveLength(1);
    expect(new Set(done.map((answer) => answer.text)).size).toBe(1);
    for (const answer of answers.filter((each) => each.status >= 300))
      expectError(answer, 409, 'conflict', /still running/);
  });
});

it('keeps the key of a movement apart for each organization', async () => {
  const other = await api.createKey('write', await api.createOrganization());
  const key = unique('key');
  await send('POST', '/locations', key, { name: unique('Place') });
  const answer = await api.request('POST', '/locations', {
    key: other,
    headers: { 'Idempotency-Key': key },
    body: { name: 'Elsewhere' },
  });
  expect([answer.status, answer.headers.get('idempotent-replayed')]).toEqual([201, null]);
});

it('lets the key of a refused request go, so that it can succeed later', async () => {
  const sku = unique('LATE');
  const key = unique('key');
  const body = { kind: 'receive', sku, location: place.name, qty: 1 };
  expectError(await send('POST', '/movements', key, body), 422, 'unprocessable', /does not exist/);
  await newPart(api, { sku });
  expect((await send('POST', '/movements', key, body)).status).toBe(201);

  const partKey = unique('key');
  expectError(await send('POST', '/parts', partKey, { sku, name: 'Taken' }), 409, 'conflict');
  expect((await send('POST', '/parts', partKey, { sku: unique('P'), name: 'Free' })).status).toBe(201);
});

it('reads a quoted key as the bare one', async () => {
  const key = unique('key');
  const body = { name: unique('Place') };
  const first = await send('POST', '/locations', key, body);
  const again = await send('POST', '/locations', `"${key}"`, body);
  expect([again.text, again.headers.get('idempotent-replayed')]).toEqual([first.text, 'true']);
});

it.each(['', '""', 'x'.repeat(256)])('refuses the key "%.20s"', async (key) => {
  const before = await rowCounts(api);
  expectError(await send('POST', '/movements', key, receive()), 400, 'bad_request', /Idempotency-Key/);
  expectError(await send('POST', '/locations', key, { name: unique('Place') }), 400, 'bad_request', /Idempotency-Key/);
  expect(await rowCounts(api)).toEqual(before);
});

it('takes a key of 255 characters', async () => {
  const key = 'y'.repeat(255);
  const first = await send('POST', '/movements', key, receive());
  expect(first.status).toBe(201);
  expect((await send('POST', '/movements', key, receive())).headers.get('idempotent-replayed')).toBe('true');
});

it('answers 409 while the first request is still running, and its answer afterwards', async () => {
  const key = unique('key');
  const client = await api.db.pool.connect();
  await client.query('begin');
  await client.query('select from part where id = $1 for update', [part.id]);
  const first = send('POST', '/movements', key, receive(1));
  await expect
    .poll(async () => (await api.db.pool.query('select from pg_locks where not granted')).rowCount)
    .toBeGreaterThan(0);
  const running = await send('POST', '/movements', key, receive(1));
  expectError(running, 409, 'conflict', /still running/);
  expect(running.headers.get('retry-after')).toBe('1');
  await client.query('rollback');
  client.release();
  const answer = await first;
  expect(answer.status).toBe(201);
  expect((await send('POST', '/movements', key, receive(1))).text).toBe(answer.text);
});

it('forgets a key after seven days', async () => {
  const key = unique('key');
  await send('POST', '/movements', key, receive(1));
  await api.db.pool.query(`update idempotency_key set created_at = created_at - interval '7 days' where key = $1`, [
    key,
  ]);
  const later = await send('POST', '/movements', key, receive(2));
  expect([later.status, later.headers.get('idempotent-replayed')]).toEqual([201, null]);
});
