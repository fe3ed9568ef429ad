import { afterAll, beforeAll, expect, it } from 'vitest';
import { expectError, move, newLocation, newPart } from '../api/support.ts';
import { startTestApi, type TestApi } from '../support/api.ts';
import { expectLedgerInvariants } from './invariants.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api?.close());

it('lets exactly 100 of 200 parallel consumes of 1 take a stock of 100', async () => {
  const part = await newPart(api, { reorderPoint: 10 });
  const location = await newLocation(api);
  await move(api, { kind: 'receive', partId: part.id, locationId: location.id, qty: 100 });
  const body = { kind: 'consume', partId: part.id, locationId: location.id, qty: 1 };
  const answers = await Promise.all(Array.from({ length: 200 }, () => api.request('POST', '/movements', { body })));
  const taken = answers.filter((answer) => answer.status === 201);
  const refused = answers.filter((answer) => answer.status !== 201);
  expect([taken.length, refused.length]).toEqual([100, 100]);
  for (const answer of refused) expectError(answer, 422, 'insufficient_stock');
  const totals = taken.map((answer) => answer.body.data.onHand).sort((a, b) => a - b);
  expect(totals).toEqual(Array.from({ length: 100 }, (_, n) => n));
  expect((await api.request('GET', `/stock?partId=${part.id}`)).body.data[0].onHand).toBe(0);
  const lows = await api.db.pool.query(`select 1 from event where type = 'stock.low'`);
  expect(lows.rowCount).toBe(1);
  await expectLedgerInvariants(api);
});

it('stays whole under 50 concurrent writers on few parts and places: no deadlock, no 5xx, never negative', async () => {
  const parts = await Promise.all([1, 2].map(() => newPart(api, { reorderPoint: 20 })));
  const places = await Promise.all([1, 2, 3].map(() => newLocation(api)));
  const random = randomFrom(Number(process.env.LEDGER_SEED ?? 20_260_101));
  const pick = <T>(choices: T[]): T => choices[Math.floor(random() * choices.length)] as T;
  const quantity = () => Math.ceil(random() * 30_000_000) / 1_000_000;

  function randomMovement(): Record<string, unknown> {
    const partId = pick(parts).id;
    const at = { partId, locationId: pick(places).id };
    const kind = pick(['receive', 'consume', 'adjust', 'count', 'transfer', 'transfer']);
    if (kind === 'adjust') return { kind, ...at, qtyDelta: pick([1, -1]) * quantity() };
    if (kind === 'count') return { kind, ...at, target: pick([0, quantity()]) };
    if (kind !== 'transfer') return { kind, ...at, qty: quantity() };
    const from = pick(places);
    const to = pick(places.filter((place) => place !== from));
    return { kind, partId, from: from.name, to: to.name, qty: quantity() };
  }

  const bodies = Array.from({ length: 50 }, () => Array.from({ length: 14 }, randomMovement));
  const answers = await Promise.all(
    bodies.map(async (own) => {
      const statuses: string[] = [];
      for (const body of own) {
        const answer = await api.request('POST', '/movements', { body });
        statuses.push(answer.status === 201 ? '201' : `${answer.status} ${answer.body.error.code}`);
      }
      return statuses;
    }),
  );
  const counts = Object.groupBy(answers.flat(), (status) => status);
  expect(Object.keys(counts).sort()).toEqual(['201', '422 insufficient_stock']);
  const { rows } = await api.db.pool.query(
    `select count(distinct coalesce(transfer_id, id))::int as n from movement where part_id = any ($1)`,
    [parts.map((part) => part.id)],
  );
  expect(rows[0].n).toBe(counts['201']?.length);
  await expectLedgerInvariants(api);
});

it('keeps a unit that is changed while the first movement arrives in step with the ledger', async () => {
  const location = await newLocation(api);
  for (let n = 0; n < 10; n++) {
    const part = await newPart(api);
    const [patched, moved] = await Promise.all([
      api.request('PATCH', `/parts/${part.id}`, { body: { unit: 'L' } }),
      move(api, { kind: 'receive', partId: part.id, locationId: location.id, qty: 1 }),
    ]);
    const { unit } = (await api.request('GET', `/parts/${part.id}`)).body.data;
    expect(patched.status).toBe(unit === 'L' ? 200 : 422);
    expect(moved.body.data.unit).toBe(unit);
  }
});

it('keeps patches of a part and its movements from losing each other', async () => {
  const part = await newPart(api);
  const location = await newLocation(api);
  const receive = () => move(api, { kind: 'receive', partId: part.id, locationId: location.id, qty: 1 });
  await Promise.all(
    Array.from({ length: 20 }, (_, n) => [
      receive(),
      api.request('PATCH', `/parts/${part.id}`, { body: { name: `N${n}` } }),
    ]).flat(),
  );
  expect((await api.request('GET', `/parts/${part.id}`)).body.data.onHand).toBe(20);
  await expectLedgerInvariants(api);
});

/** mulberry32: the same sequence for the same seed. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
