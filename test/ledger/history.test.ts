import { setTimeout as delay } from 'node:timers/promises';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { expectError, move, newLocation, newPart } from '../api/support.ts';
import { startTestApi, type TestApi } from '../support/api.ts';
import { eventually } from '../support/deliveries.ts';
import { apply, bodyOf, type Kind, newModel, type PartModel, type Step, totalOf } from './model.ts';

let api: TestApi;
let places: { id: number; name: string }[];
beforeAll(async () => {
  api = await startTestApi();
  places = [];
  for (let n = 0; n < 4; n++) places.push(await newLocation(api));
});
afterAll(() => api?.close());

interface StockRow {
  partId: number;
  locationId: number;
  onHand: number;
  value: number;
}

async function stockOf(query: string): Promise<StockRow[]> {
  const { status, body, text } = await api.request('GET', `/stock?${query}`);
  expect(status, text).toBe(200);
  return body.data.map(({ partId, locationId, onHand, value }: StockRow) => ({ partId, locationId, onHand, value }));
}

/** What the specification says that `/stock` shows of a part in this state. */
function expectedRows(partId: number, { levels, value }: PartModel, touched: Set<number>): StockRow[] {
  const total = levels.reduce((sum, level) => sum + level, 0n);
  let upTo = 0n;
  return places.flatMap(({ id }, place) => {
    const level = levels[place] ?? 0n;
    const before = upTo;
    upTo += level;
    const share = total === 0n ? 0n : (value * upTo) / total - (value * before) / total;
    if (!touched.has(place)) return [];
    return [{ partId, locationId: id, onHand: Number(level) / 1_000_000, value: Number(share) }];
  });
}

const step: fc.Arbitrary<Step & { part: number }> = fc.record({
  part: fc.nat(2),
  kind: fc.constantFrom<Kind>(
    'receive',
    'receive',
    'receive',
    'consume',
    'adjust',
    'count',
    'transfer',
    'transfer',
    'reverse',
  ),
  at: fc.nat(3),
  to: fc.nat(3),
  quantity: fc.oneof(fc.integer({ min: 1, max: 9_000_000 }), fc.constantFrom(1, 3_000_000, 7_777_777)).map(BigInt),
  unitCost: fc.option(fc.nat(20_000), { nil: undefined }),
  which: fc.nat(20),
});

it('shows stock and value at any past instant as a model of the specification has them', async () => {
  const run = async (steps: (Step & { part: number })[]) => {
    const parts: { id: number; sku: string; model: PartModel; touched: Set<number> }[] = [];
    for (let n = 0; n < 3; n++) {
      const unitCost = n === 0 ? undefined : n * 333;
      const { id, sku } = await newPart(api, { unitCost });
      parts.push({ id, sku, model: newModel(places.length, unitCost), touched: new Set<number>() });
    }
    const history: { at: string; part: number; rows: StockRow[] }[] = [];
    for (const each of steps) {
      const part = parts[each.part];
      const { kind, at, to, which } = each;
      if (part === undefined || (kind === 'transfer' && at === to) || (kind === 'reverse' && !part.model.done[which]))
        continue;
      const body = bodyOf(part.sku, places, part.model, each);
      const answer = await api.request('POST', '/movements', { body });
      if (answer.status !== 201) continue;
      const movement = (await api.request('GET', String(answer.headers.get('location')).slice('/api/v1'.length))).body
        .data;
      expect(apply(part.model, each, movement.id)).toBeUndefined();
      for (const { place } of part.model.done.at(-1)?.legs ?? []) part.touched.add(place);
      history.push({ at: movement.createdAt, part: each.part, rows: expectedRows(part.id, part.model, part.touched) });
    }
    const known = (at: string, n: number) => history.findLast((one) => one.part === n && one.at <= at)?.rows ?? [];
    for (const { at } of history) {
      const expected = parts.map((_, n) => known(at, n));
      for (const [n, { id }] of parts.entries()) expect(await stockOf(`partId=${id}&at=${at}`)).toEqual(expected[n]);
      const [place] = places;
      const here = (await stockOf(`locationId=${place?.id}&at=${at}`)).filter((row) =>
        parts.some(({ id }) => id === row.partId),
      );
      expect(here).toEqual(expected.flat().filter((row) => row.locationId === place?.id));
    }
    for (const { id, model, touched } of parts) {
      const now = await stockOf(`partId=${id}`);
      expect(now).toEqual(expectedRows(id, model, touched));
      expect(now.reduce((sum, row) => sum + row.value, 0)).toBe(Number(model.value));
      const part = (await api.request('GET', `/parts/${id}?by=id`)).body.data;
      expect([part.value, part.onHand]).toEqual([Number(model.value), Number(totalOf(model)) / 1_000_000]);
    }
  };
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), run), {
    numRuns: 15,
    timeout: 30_000,
  });
}, 180_000);

describe('GET /stock?at=', () => {
  it('is of the whole organization, in pages of any size, in any order, and as CSV', async () => {
    const key = await api.createKey('write', await api.createOrganization());
    const get = (query: string, headers = {}) => api.request('GET', `/stock?${query}`, { key, headers });
    const post = (path: string, body: object) => api.request('POST', path, { key, body });
    for (let n = 0; n < 7; n++) await newPart(api, { sku: `S${(n * 3) % 7}`, reorderPoint: n % 2 === 0 ? 5 : 1 }, key);
    for (const name of ['A', 'B', 'C']) await newLocation(api, name, key);
    for (const sku of ['S0', 'S3', 'S6', 'S2'])
      for (const location of ['C', 'A'])
        await post('/movements', { kind: 'receive', sku, location, qty: 2, unitCost: 101 });
    const then = (await get('')).body.data;
    const [{ createdAt }] = (await api.request('GET', '/movements?limit=1', { key })).body.data;
    await new Promise((resolve) => setTimeout(resolve, 5));
    await post('/movements', { kind: 'transfer', sku: 'S0', from: 'C', to: 'B', qty: 1 });
    await post('/movements', { kind: 'receive', sku: 'S5', location: 'B', qty: 9 });
    await post('/movements', { kind: 'count', sku: 'S3', location: 'A', target: 0 });

    expect((await get(`at=${createdAt}`)).body).toEqual({ data: then });
    expect((await get(`at=${createdAt}&sort=-partId`)).body.data).toEqual(then.toReversed());
    const bySku = (await get(`at=${createdAt}&sort=sku`)).body.data;
    expect(bySku).toEqual(
      then.toSorted((a: { sku: string }, b: { sku: string }) => (a.sku < b.sku ? -1 : a.sku > b.sku ? 1 : 0)),
    );
    for (const [sort, expected] of Object.entries({ partId: then, sku: bySku })) {
      for (const limit of [1, 3, 500]) {
        const rows = [];
        for (let cursor = ''; ; ) {
          const { body } = await get(`at=${createdAt}&sort=${sort}&limit=${limit}${cursor && `&cursor=${cursor}`}`);
          rows.push(...body.data);
          cursor = body.nextCursor;
          if (cursor === undefined) break;
        }
        expect(rows).toEqual(expected);
      }
    }
    const csv = await get(`at=${createdAt}`, { Accept: 'text/csv' });
    expect(parse(csv.text).slice(1)).toEqual(then.map((row: object) => Object.values(row).map(String)));
    expect((await get(`at=${createdAt}&location=B`)).body.data).toEqual([]);
    const low = (await get(`at=${createdAt}&belowReorder=true`)).body.data;
    expect(low.map((row: { sku: string }) => row.sku)).toEqual(['S0', 'S0', 'S6', 'S6']);
    expect((await get('at=2001-01-01T00:00:00Z')).body.data).toEqual([]);
    expect((await get(`at=${new Date().toISOString()}`)).body.data).toEqual((await get('')).body.data);
  });

  it('waits for the movements of its past that are still being written, and then never changes', async () => {
    const part = await newPart(api);
    const other = await newPart(api);
    await move(api, { kind: 'receive', partId: part.id, locationId: places[0]?.id, qty: 1 });
    const client = await api.db.pool.connect();
    onTestFinished(() => client.release(true));
    await client.query('begin');
    await client.query('select from stock_level where part_id = $1 for update', [part.id]);
    const written = move(api, { kind: 'receive', partId: part.id, locationId: places[0]?.id, qty: 2 });
    const isAnnounced = async () =>
      (await api.db.pool.query('select from announced_write where key % 2 = 0')).rows.length > 0;
    await eventually(isAnnounced, 'the movement waits for the level');
    await delay(5);
    const at = new Date().toISOString();
    let isAnswered = false;
    const asked = stockOf(`partId=${part.id}&at=${at}`).finally(() => {
      isAnswered = true;
    });
    const longAgo = new Date(Date.now() - 3_600_000).toISOString();
    expect(await stockOf(`partId=${other.id}&at=${longAgo}`)).toEqual([]);
    await delay(100);
    expect(isAnswered).toBe(false);
    await client.query('rollback');
    await written;
    expect((await asked).map(({ onHand }) => onHand)).toEqual([3]);
    expect(await stockOf(`partId=${part.id}&at=${at}`)).toEqual(await asked);
  });

  it('answers the same for an instant that has just been, while writers are busy, as ever after', async () => {
    const parts = await Promise.all(places.map(() => newPart(api)));
    let isOver = false;
    const write = async ({ id }: { id: number }) => {
      const movements = places.flatMap((place) =>
        Array.from({ length: 10 }, () => ({ kind: 'receive', partId: id, locationId: place.id, qty: 1 })),
      );
      while (!isOver) await api.request('POST', '/movements/batch', { body: { movements } });
    };
    const writers = parts.map(write);
    const seen: { query: string; rows: StockRow[] }[] = [];
    for (let n = 0; n < 40; n++) {
      const query = `at=${new Date().toISOString()}`;
      seen.push({ query, rows: await stockOf(query) });
    }
    isOver = true;
    await Promise.all(writers);
    for (const { query, rows } of seen) expect(await stockOf(query)).toEqual(rows);
  }, 60_000);

  it('refuses an instant that is still to come, or is none', async () => {
    const soon = new Date(Date.now() + 60_000).toISOString();
    expectError(await api.request('GET', `/stock?at=${soon}`), 400, 'bad_request', '`at` must not be in the future.');
    expectError(await api.request('GET', '/stock?at=yesterday'), 400, 'bad_request', /^`at` must be/);
  });
});

it('shares that are read while stock moves belong together', async () => {
  const { id } = await newPart(api);
  for (const { id: locationId } of places)
    await move(api, { kind: 'receive', partId: id, locationId, qty: 7, unitCost: 100 });
  let isOver = false;
  const writer = async () => {
    for (let n = 0; n < 60; n++) {
      await move(api, {
        kind: 'transfer',
        partId: id,
        fromId: places[n % 4]?.id,
        toId: places[(n + 1) % 4]?.id,
        qty: 1.000001,
      });
      await move(api, { kind: 'receive', partId: id, locationId: places[n % 4]?.id, qty: 3, unitCost: 100 });
    }
    isOver = true;
  };
  const reader = async () => {
    while (!isOver) {
      const rows = await stockOf(`partId=${id}`);
      const onHand = Math.round(rows.reduce((sum, row) => sum + row.onHand, 0) * 1_000_000) / 1_000_000;
      expect(rows.reduce((sum, row) => sum + row.value, 0)).toBe(onHand * 100);
      for (const row of rows) expect(Math.abs(row.value - row.onHand * 100)).toBeLessThan(1);
    }
  };
  await Promise.all([writer(), reader(), reader()]);
});
