import { setTimeout as delay } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';
import { everyEventType } from '../../src/webhooks/event-types.ts';
import { expectError, move, newLocation, newPart, unique } from '../api/support.ts';
import { startTestApi, type TestApi } from '../support/api.ts';
import { closing } from '../support/database.ts';
import { eventually } from '../support/deliveries.ts';
import { startReceiver } from '../support/receiver.ts';
import { createNamespace, startTestWorker } from '../support/worker.ts';

let api: TestApi;
let namespace: string;
let parts: { id: number; sku: string }[];
let places: { id: number }[];
beforeAll(async () => {
  const connection = await Connection.connect({ address: inject('temporalAddress') });
  namespace = await createNamespace(connection);
  await connection.close();
  api = await startTestApi({ namespace });
  parts = await Promise.all(Array.from({ length: 6 }, () => newPart(api, { reorderPoint: 20 })));
  places = await Promise.all([newLocation(api), newLocation(api)]);
});
afterAll(() => api?.close());

type Work = () => Promise<unknown>;
const pick = <T>(choices: T[]): T => choices[Math.floor(Math.random() * choices.length)] as T;
const partAndPlace = () => ({ partId: pick(parts).id, locationId: pick(places).id });

/** What the API's clients write: one movement, a transfer, a batch, a part, a location, and what is refused. */
const writes: Work[] = [
  () => move(api, { kind: 'receive', ...partAndPlace(), qty: 1 + Math.random() * 9 > 5 ? 3 : 25 }),
  () => api.request('POST', '/movements', { body: { kind: 'consume', ...partAndPlace(), qty: 10 } }),
  () => api.request('POST', '/movements', { body: transfer() }),
  () => api.request('POST', '/movements/batch', { body: { movements: Array.from({ length: 60 }, receive) } }),
  () => api.request('POST', '/movements/batch', { body: { movements: [receive(), tooMuch()], atomic: false } }),
  () => api.request('POST', '/movements/batch', { body: { movements: [receive(), receive(), tooMuch()] } }),
  () => api.request('POST', '/movements/batch', { body: { movements: [receive()], dryRun: true } }),
  () => newPart(api),
  () => newLocation(api),
  () =>
    api.request('PATCH', `/parts/${pick(parts).id}`, {
      body: { name: unique('Renamed') },
      headers: { 'Idempotency-Key': unique('key') },
    }),
];
const receive = () => ({ kind: 'receive', ...partAndPlace(), qty: 1 });
const tooMuch = () => ({ kind: 'consume', ...partAndPlace(), qty: 999_999_999 });
const transfer = () => ({
  kind: 'transfer',
  partId: pick(parts).id,
  fromId: places[0]?.id,
  toId: places[1]?.id,
  qty: 1,
});

/** Transactions that stay open after they have written, so that later numbers are committed before theirs; some roll back. */
async function writeSlowly(part: { id: number }): Promise<void> {
  const client = await api.db.pool.connect();
  try {
    await client.query('begin');
    const item = { kind: 'receive', part_id: part.id, location_id: places[0]?.id, quantity: 1 };
    for (let n = 0; n < 3; n++) {
      await client.query('select record_movements($1, null, $2, true, false)', [
        api.organizationId,
        JSON.stringify([item]),
      ]);
      await delay(Math.random() * 120);
    }
    await client.query(Math.random() < 0.3 ? 'rollback' : 'commit');
  } finally {
    client.release();
  }
}

/** Follows a list until `isOver` and there is nothing more; answers the ids in the order in which they came. */
async function follow(path: string, cursorName: string, limit: number, isOver: () => boolean): Promise<unknown[]> {
  const ids: unknown[] = [];
  for (let cursor = ''; ; ) {
    const wasOver = isOver();
    const next = cursor === '' ? '' : `&${cursorName}=${cursor}`;
    const { status, body, text, headers } = await api.request('GET', `${path}limit=${limit}${next}`);
    expect(status, text).toBe(200);
    expect(body.data.length).toBeLessThanOrEqual(limit);
    expect(headers.get('link')).toContain(`${cursorName}=${body.nextCursor}`);
    ids.push(...body.data.map((row: { id: unknown }) => row.id));
    cursor = body.nextCursor;
    if (wasOver && body.data.length === 0) return ids;
    if (body.data.length < limit) await delay(Math.random() * 20);
  }
}

/** Writes from all sides for a while. */
async function writeMuch(untilMs: number): Promise<void> {
  const slowParts = await Promise.all(Array.from({ length: 5 }, () => newPart(api)));
  const busy = async (work: Work) => {
    while (Date.now() < untilMs) await work();
  };
  await Promise.all([
    ...slowParts.map((part) => busy(() => writeSlowly(part))),
    ...Array.from({ length: 8 }, () => busy(() => pick(writes)())),
  ]);
}

const idsOf = async (sql: string) =>
  (await api.db.pool.query(sql, [api.organizationId])).rows.map(({ id }) => (/^\d+$/.test(id) ? Number(id) : id));

it('gives followers every movement and every event once, in one order, however writers overlap', async () => {
  let isOver = false;
  const followers = [1, 13, 100, 500].flatMap((limit) => [
    follow('/movements?sort=sequence&', 'cursor', limit, () => isOver),
    follow('/events?', 'after', limit, () => isOver),
  ]);
  const narrow = follow(`/movements?sort=sequence&partId=${parts[0]?.id}&kind=receive&`, 'cursor', 5, () => isOver);
  const some = follow('/events?types=part.updated,stock.low&', 'after', 5, () => isOver);
  await writeMuch(Date.now() + 5_000);
  isOver = true;
  const movements = await idsOf('select id from movement where organization_id = $1 order by id');
  const events = await idsOf('select id from event where organization_id = $1 order by position');
  expect(movements.length).toBeGreaterThan(200);
  for (const [n, follower] of followers.entries()) expect(await follower).toEqual(n % 2 === 0 ? movements : events);
  expect(await narrow).toEqual(
    await idsOf(
      `select id from movement where organization_id = $1 and part_id = ${parts[0]?.id} and kind = 'receive' order by id`,
    ),
  );
  expect(await some).toEqual(
    await idsOf(
      `select id from event where organization_id = $1 and type in ('part.updated', 'stock.low') order by position`,
    ),
  );
}, 180_000);

it('holds back what is committed behind a write that is still open, and only that', async () => {
  const { nextCursor } = (await api.request('GET', '/movements?sort=sequence&cursor=now')).body;
  const next = async () => (await api.request('GET', `/movements?sort=sequence&cursor=${nextCursor}`)).body;
  const before = await move(api, { ...receive(), partId: parts[0]?.id });
  const client = await api.db.pool.connect();
  onTestFinished(() => client.release(true));
  await client.query('begin');
  const item = { kind: 'receive', part_id: parts[1]?.id, location_id: places[0]?.id, quantity: 1 };
  await client.query('select record_movements($1, null, $2, true, false)', [
    api.organizationId,
    JSON.stringify([item]),
  ]);
  const behind = await move(api, { ...receive(), partId: parts[2]?.id });
  const ids = (rows: { partId: number }[]) => rows.map((row) => row.partId);
  expect(ids((await next()).data)).toEqual([before.body.data.partId]);
  await client.query('commit');
  expect(ids((await next()).data)).toEqual([before.body.data.partId, parts[1]?.id, behind.body.data.partId]);
});

describe('GET /events', () => {
  it('answers what webhooks were sent, byte by byte, under the same ids', async () => {
    const worker = closing(await startTestWorker(api.db, { namespace }));
    const receiver = closing(await startReceiver());
    const { nextCursor } = (await api.request('GET', '/events?after=now')).body;
    const body = { url: receiver.url, events: everyEventType };
    expect((await api.request('POST', '/webhook-endpoints', { body })).status).toBe(201);
    const slowParts = await Promise.all([newPart(api), newPart(api), newPart(api)]);
    await Promise.all([...slowParts.map(writeSlowly), ...writes.map((write) => write())]);
    await newPart(api, { name: 'Ünï "quoted" \\ \u2028 </x>', description: 'a\nb', locationMinimums: [] });

    const followed: { id: string; movementId: number | null; apiKeyId: number | null; raw: string }[] = [];
    for (let after = nextCursor, isMore = true; isMore; ) {
      const answer = await api.request('GET', `/events?limit=500&after=${after}`);
      for (const { id, movementId, apiKeyId, body } of answer.body.data) {
        const raw = JSON.stringify(body);
        expect(answer.text).toContain(`"body":${raw}}`);
        followed.push({ id, movementId, apiKeyId, raw });
      }
      isMore = answer.body.data.length > 0;
      after = answer.body.nextCursor;
    }
    const receivedById = () => new Map(receiver.received.map((one) => [one.headers['webhook-id'], one]));
    await eventually(async () => receivedById().size >= followed.length, 'every delivery has come', 120_000);
    const byId = receivedById();
    expect(byId.size).toBe(followed.length);
    for (const { id, movementId, apiKeyId, raw } of followed) {
      const delivery = byId.get(id);
      expect(delivery?.rawBody).toBe(raw);
      expect(delivery?.headers['x-mk-movement'] ?? null).toBe(movementId === null ? null : String(movementId));
      expect(delivery?.headers['x-mk-key'] ?? null).toBe(apiKeyId === null ? null : String(apiKeyId));
    }
    await worker.close();
  }, 180_000);

  it('begins with the oldest, or from now, and always says where to go on', async () => {
    const key = await api.createKey('write', await api.createOrganization());
    const events = async (query: string) => (await api.request('GET', `/events${query}`, { key })).body;
    const empty = await events('');
    expect(empty).toEqual({ data: [], nextCursor: expect.any(String) });
    const part = await newPart(api, {}, key);
    const fromNow = await events('?after=now');
    expect(fromNow.data).toEqual([]);
    await newLocation(api, 'Somewhere', key);
    for (const after of ['', `?after=${empty.nextCursor}`]) {
      const { data } = await events(after);
      expect(data.map((event: { body: { event: string } }) => event.body.event)).toEqual([
        'part.created',
        'location.created',
      ]);
      expect(data[0].body.data).toEqual(part);
    }
    expect((await events(`?after=${fromNow.nextCursor}`)).data).toHaveLength(1);
    expect((await events('?types=location.created, part.created&limit=1')).data).toHaveLength(1);
    expect((await events('?types=stock.low')).data).toEqual([]);
  });

  it('refuses unknown types, other lists’ cursors and parameters that it does not have', async () => {
    expectError(await api.request('GET', '/events?types=part.sold'), 400, 'bad_request', /^`types`/);
    expectError(await api.request('GET', '/events?types='), 400, 'bad_request', /^`types`/);
    expectError(await api.request('GET', '/events?after=nope'), 400, 'bad_request', /^`after`/);
    expectError(await api.request('GET', '/events?cursor=x'), 400, 'bad_request', /`cursor`/);
    const { nextCursor } = (await api.request('GET', '/movements?sort=sequence')).body;
    expectError(await api.request('GET', `/events?after=${nextCursor}`), 400, 'bad_request', /^`after`/);
    expectError(await api.request('GET', '/movements?sort=-sequence'), 400, 'bad_request', /^`sort`/);
    expectError(await api.request('GET', '/movements?sort=id&cursor=now'), 400, 'bad_request', /^`cursor`/);
  });
});
