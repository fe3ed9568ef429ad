import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectLedgerInvariants } from '../ledger/invariants.ts';
import { type Answer, startTestApi, type TestApi } from '../support/api.ts';
import { subscribe } from '../support/deliveries.ts';
import { eventsOf, expectError, move, newLocation, newPart, rowCounts, unique } from './support.ts';

let api: TestApi;
let part: { id: number; sku: string };
let here: { id: number; name: string };
let there: { id: number; name: string };
beforeAll(async () => {
  api = await startTestApi();
  part = await newPart(api);
  here = await newLocation(api);
  there = await newLocation(api);
});
afterAll(async () => {
  if (api) await expectLedgerInvariants(api);
  await api?.close();
});

const receive = (fields: object = {}) => ({ kind: 'receive', sku: part.sku, location: here.name, qty: 1, ...fields });
const batch = (movements: unknown, options: object = {}, key?: string): Promise<Answer> =>
  api.request('POST', '/movements/batch', { body: { movements, ...options }, ...(key ? { key } : {}) });
const stockOf = async (partId: number) =>
  (await api.request('GET', `/stock?partId=${partId}`)).body.data.map((row: { location: string; onHand: number }) => [
    row.location,
    row.onHand,
  ]);

/** Everything that a write leaves behind. */
async function traces() {
  const { rows } = await api.db.pool.query(
    `select (select count(*)::int from delivery) as deliveries, (select count(*)::int from idempotency_key) as keys,
       (select count(*)::int from stock_level) as levels, (select sum(value)::text from part) as value,
       (select md5(string_agg(p::text, ';' order by id)) from part p) as parts_hash`,
  );
  return { ...(await rowCounts(api)), ...rows[0] };
}

/** A movement of each kind, each only possible after the ones before it. */
const chain = (sku: string) => [
  { kind: 'receive', sku, location: here.name, qty: 10, unitCost: 100 },
  { kind: 'consume', sku, location: here.name, qty: 4 },
  { kind: 'transfer', sku, from: here.name, to: there.name, qty: 5 },
  { kind: 'adjust', sku, location: there.name, qtyDelta: -2.5 },
  { kind: 'count', sku, location: here.name, target: 7, expectedOnHand: 1 },
];

describe('a batch', () => {
  it('answers one result for each item, in order', async () => {
    const parts = await Promise.all([1, 2, 3].map((n) => newPart(api, { unit: `u${n}` })));
    const movements = [2, 0, 1, 0, 2].map((n, index) => receive({ sku: parts[n]?.sku, qty: index + 1 }));
    const answer = await batch(movements);
    expect(answer.status, answer.text).toBe(201);
    expect(answer.body.data).toEqual(
      [
        [2, 1],
        [0, 2],
        [1, 3],
        [0, 6],
        [2, 6],
      ].map(([n, onHand]) => ({
        partId: parts[n ?? 0]?.id,
        sku: parts[n ?? 0]?.sku,
        onHand,
        unit: parts[n ?? 0]?.unit,
        movementId: expect.any(Number),
      })),
    );
    for (const [index, item] of answer.body.data.entries()) {
      const row = (await api.request('GET', `/movements/${item.movementId}`)).body.data;
      expect(row).toMatchObject({ partId: item.partId, qtyDelta: index + 1, onHand: item.onHand });
    }
  });

  it('lets each item see what the ones before it did', async () => {
    const { id, sku } = await newPart(api);
    const answer = await batch(chain(sku));
    expect(answer.status, answer.text).toBe(201);
    expect(answer.body.data.map((item: { onHand: number }) => item.onHand)).toEqual([10, 6, 6, 3.5, 9.5]);
    expect(await stockOf(id)).toEqual([
      [here.name, 7],
      [there.name, 2.5],
    ]);
    const events = await eventsOf(api, 'stock.movement.created', id);
    expect(events.map(({ data }) => [data.kind, data.qtyDelta, data.onHand])).toEqual([
      ['receive', 10, 10],
      ['consume', -4, 6],
      ['transfer', -5, 6],
      ['transfer', 5, 6],
      ['adjust', -2.5, 3.5],
      ['count', 6, 9.5],
    ]);
  });

  it('says the same as its movements posted one after the other', async () => {
    const [one, all] = [await newPart(api, { reorderPoint: 4 }), await newPart(api, { reorderPoint: 4 })];
    const singles: Answer[] = [];
    for (const body of chain(one.sku)) singles.push(await move(api, body));
    const answer = await batch(chain(all.sku));
    expect(answer.body.data.map((item: { onHand: number }) => item.onHand)).toEqual(
      singles.map((single) => single.body.data.onHand),
    );
    const rowsOf = async (id: number) =>
      (
        await api.db.pool.query(
          `select kind, location_id, qty_delta, on_hand, expected, value, total_value from movement where part_id = $1 order by id`,
          [id],
        )
      ).rows;
    expect(await rowsOf(all.id)).toEqual(await rowsOf(one.id));
    for (const type of ['stock.low', 'stock.recovered']) {
      const says = async (id: number) => (await eventsOf(api, type, id)).map(({ data }) => data.onHand);
      expect(await says(all.id), type).toEqual(await says(one.id));
    }
  });

  it('refuses an item whose stock only comes after it', async () => {
    const { sku } = await newPart(api);
    const before = await traces();
    expectError(
      await batch([{ ...receive({ sku }), kind: 'consume' }, receive({ sku })]),
      422,
      'insufficient_stock',
      /movements\[0\]/,
    );
    expect(await traces()).toEqual(before);
  });

  it('leaves nothing behind when one item is refused, and names its index', async () => {
    const { organizationId: _, ...subscriber } = await subscribe(api, 'https://example.com/');
    const { id, sku } = await newPart(api, { reorderPoint: 5 }, subscriber.key);
    const place = await newLocation(api, unique('Place'), subscriber.key);
    const own = { sku, location: place.name, qty: 1 };
    const good = { kind: 'receive', ...own };
    const before = await traces();
    for (const [bad, status, code] of [
      [{ kind: 'consume', ...own, qty: 100 }, 422, 'insufficient_stock'],
      [{ kind: 'receive', ...own, sku: 'nowhere' }, 422, 'unprocessable'],
      [{ kind: 'receive', ...own, location: 'nowhere' }, 422, 'unprocessable'],
      [{ kind: 'receive', partId: id, sku: undefined, location: place.name, qty: 999_999_999.5 }, 422, 'unprocessable'],
      [{ kind: 'count', sku, location: place.name, target: 1, expectedOnHand: 99 }, 409, 'conflict'],
      [{ kind: 'receive', ...own, locationId: here.id, location: undefined }, 422, 'unprocessable'],
      [{ kind: 'receive', ...own, qty: -1 }, 422, 'unprocessable'],
      [{ kind: 'receive', ...own, quantity: 1 }, 422, 'unprocessable'],
      ['receive', 422, 'unprocessable'],
      [null, 422, 'unprocessable'],
    ] as const) {
      const answer = await batch([good, good, bad, good], {}, subscriber.key);
      expectError(answer, status, code, /^`movements\[2\]`: /);
    }
    expect(await traces()).toEqual(before);
  });

  it('names the item that stands in the way of another, not the movement that was undone with it', async () => {
    const { sku } = await newPart(api);
    const recorded = await move(api, receive({ sku, externalId: unique('once') }));
    const id = Number(recorded.headers.get('location')?.split('/').at(-1));
    const externalId = unique('twice');
    const reversal = { kind: 'adjust', reverses: id };
    for (const [item, message] of [
      [receive({ sku, externalId }), `\`externalId\` "${externalId}" is that of \`movements[1]\` too.`],
      [reversal, `Movement ${id} is reversed already, by \`movements[1]\`.`],
    ] as const) {
      for (const dryRun of [false, true]) {
        expectError(await batch([receive(), item, item], { dryRun }), 409, 'conflict', `\`movements[2]\`: ${message}`);
      }
      const tried = await batch([{ kind: 'x' }, item, item], { dryRun: true, atomic: false });
      expect(tried.body.data[2].error.message).toBe(message);
      const each = await batch([item, item], { atomic: false });
      expect(each.body.data[1].error.message).toContain(`movement ${each.body.data[0].movementId}.`);
      const again = await batch([item]);
      expectError(again, 409, 'conflict', new RegExp(`movement ${each.body.data[0].movementId}\\.$`));
    }
  });

  it('names every item that is not well-formed', async () => {
    const answer = await batch([receive(), receive({ qty: 0 }), receive(), receive({ sku: undefined, qty: 'x' })]);
    expectError(
      answer,
      422,
      'unprocessable',
      /movements\[1\].*`qty`.*movements\[3\].*`sku`.*`qty`|movements\[1\].*movements\[3\].*`qty`.*`sku`/,
    );
  });

  it.each([
    [{}, /`movements` is required/],
    [{ movements: [] }, /`movements`/],
    [{ movements: {} }, /`movements`/],
    [{ movements: 'x' }, /`movements`/],
    [{ movements: [{}], atomic: 'no' }, /`atomic`/],
    [{ movements: [{}], dryRun: 1 }, /`dryRun`/],
    [{ movements: [{}], dryrun: true }, /`dryrun`/],
  ])('refuses %j', async (body, message) => {
    const before = await traces();
    expectError(await api.request('POST', '/movements/batch', { body }), 422, 'unprocessable', message);
    expect(await traces()).toEqual(before);
  });

  it('needs a read & write key, and sees its own organization only', async () => {
    expectError(await batch([receive()], {}, await api.createKey('read')), 403, 'forbidden');
    const stranger = await api.createKey('write', await api.createOrganization());
    const before = await traces();
    const byId = receive({ sku: undefined, partId: part.id, location: undefined, locationId: here.id });
    for (const movement of [receive(), byId]) {
      expectError(await batch([movement], {}, stranger), 422, 'unprocessable', /movements\[0\].*does not exist/);
    }
    expect(await traces()).toEqual(before);
  });

  it('judges numbers as they were sent', async () => {
    const { id, sku } = await newPart(api);
    const item = (qty: string) => `{"kind":"receive","sku":"${sku}","location":"${here.name}","qty":${qty}}`;
    const send = (...quantities: string[]) =>
      api.request('POST', '/movements/batch', { body: `{"movements":[${quantities.map(item).join()}]}` });
    expectError(await send('1', '0.1234567'), 422, 'unprocessable', /movements\[1\].*`qty`/);
    const answer = await send('0.1', '0.2', '3e-1', '33.600000');
    expect(answer.text).toContain('"onHand":0.3,');
    expect(await stockOf(id)).toEqual([[here.name, 34.2]]);
  });

  it('takes 1,000 items and refuses 1,001', async () => {
    const parts = await Promise.all(Array.from({ length: 10 }, () => newPart(api)));
    const movements = Array.from({ length: 1_001 }, (_, n) => receive({ sku: parts[n % 10]?.sku }));
    const before = await traces();
    expectError(await batch(movements), 422, 'unprocessable', /`movements`.*1000/);
    expect(await traces()).toEqual(before);
    const answer = await batch(movements.slice(1));
    expect(answer.status).toBe(201);
    expect(answer.body.data).toHaveLength(1_000);
    expect(answer.body.data.map((item: { sku: string }) => item.sku)).toEqual(
      movements.slice(1).map((movement) => movement.sku),
    );
    expect(answer.body.data.at(-1).onHand).toBe(100);
  });

  it('may be as large as 8 MiB, and no larger', async () => {
    const text = JSON.stringify({ movements: [receive()] });
    const limit = 8 * 1024 * 1024;
    const padded = (bytes: number) => text.slice(0, -1) + ' '.repeat(bytes - text.length) + text.slice(-1);
    expect((await api.request('POST', '/movements/batch', { body: padded(limit) })).status).toBe(201);
    const before = await traces();
    const larger = await api.request('POST', '/movements/batch', { body: padded(limit + 1) });
    expectError(larger, 413, 'payload_too_large');
    const single = JSON.stringify(receive());
    const body = single.slice(0, -1) + ' '.repeat(1024 * 1024) + single.slice(-1);
    expectError(await api.request('POST', '/movements', { body }), 413, 'payload_too_large');
    expect(await traces()).toEqual(before);
  });
});

describe('a dry run', () => {
  it('answers as the batch would, and writes nothing', async () => {
    const { id, sku } = await newPart(api, { reorderPoint: 5 });
    const before = await traces();
    const tried = await batch(chain(sku), { dryRun: true });
    expect(tried.status, tried.text).toBe(200);
    expect(await traces()).toEqual(before);
    expect(await stockOf(id)).toEqual([]);
    const done = await batch(chain(sku));
    expect(tried.body.data).toEqual(done.body.data.map((item: object) => ({ ...item, movementId: null })));
  });

  it('under an idempotency key answers a repeat alike', async () => {
    const headers = { 'Idempotency-Key': unique('key') };
    const { sku } = await newPart(api);
    const send = () =>
      api.request('POST', '/movements/batch', { headers, body: { movements: chain(sku), dryRun: true } });
    const first = await send();
    await move(api, receive({ sku }));
    const again = await send();
    expect([again.status, again.text, again.headers.get('idempotent-replayed')]).toEqual([200, first.text, 'true']);
  });

  it('is refused as the batch would be', async () => {
    const before = await traces();
    const bad = { ...receive({ qty: 1e8 }), kind: 'consume' };
    expectError(await batch([receive(), bad], { dryRun: true }), 422, 'insufficient_stock', /movements\[1\]/);
    const each = await batch([receive(), bad, { kind: 'x' }], { dryRun: true, atomic: false });
    expect([each.status, each.body.data.map((item: { status: number }) => item.status)]).toEqual([
      200,
      [200, 422, 422],
    ]);
    expect(await traces()).toEqual(before);
  });
});

describe('a batch that is not atomic', () => {
  it('records what can be recorded, and answers a status for each item', async () => {
    const { id, sku } = await newPart(api);
    const answer = await batch(
      [
        receive({ sku, qty: 3 }),
        { ...receive({ sku, qty: 5 }), kind: 'consume' },
        { kind: 'nonsense' },
        { ...receive({ sku, qty: 2 }), kind: 'consume' },
        { kind: 'count', sku, location: here.name, target: 9, expectedOnHand: 3 },
        null,
        receive({ sku: 'missing' }),
        { kind: 'transfer', sku, from: here.name, to: there.name, qty: 1 },
      ],
      { atomic: false },
    );
    expect(answer.status, answer.text).toBe(201);
    expect(answer.body.data.map((item: { status: number }) => item.status)).toEqual([
      201, 422, 422, 201, 409, 422, 422, 201,
    ]);
    expect(answer.body.data[0]).toEqual({
      status: 201,
      partId: id,
      sku,
      onHand: 3,
      unit: 'ea',
      movementId: expect.any(Number),
    });
    expect(answer.body.data[1]).toEqual({
      status: 422,
      error: { code: 'insufficient_stock', message: expect.stringMatching(/`qty`.*\b3\b/) },
    });
    expect(answer.body.data[2].error).toEqual({ code: 'unprocessable', message: expect.stringContaining('`kind`') });
    expect(answer.body.data[4].error.code).toBe('conflict');
    expect(await stockOf(id)).toEqual([
      [here.name, 0],
      [there.name, 1],
    ]);
  });

  it('answers 201 also when nothing could be recorded, and writes nothing', async () => {
    const before = await traces();
    const answer = await batch([receive({ sku: 'missing' }), { kind: 'x' }], { atomic: false });
    expect([answer.status, answer.body.data.map((item: { status: number }) => item.status)]).toEqual([201, [422, 422]]);
    expect(await traces()).toEqual(before);
  });

  it('under an idempotency key answers a repeat alike, refused items included', async () => {
    const headers = { 'Idempotency-Key': unique('key') };
    const { sku } = await newPart(api);
    const body = { atomic: false, movements: [receive({ sku }), receive({ sku: 'to come' }), { kind: 'x' }] };
    const first = await api.request('POST', '/movements/batch', { headers, body });
    await newPart(api, { sku: 'to come' });
    const before = await traces();
    const again = await api.request('POST', '/movements/batch', { headers, body });
    expect([again.status, again.text]).toEqual([first.status, first.text]);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(await traces()).toEqual(before);
  });

  it('under an idempotency key answers a repeat alike when no item was well-formed', async () => {
    const headers = { 'Idempotency-Key': unique('key') };
    const body = { atomic: false, movements: [{ kind: 'x' }] };
    const first = await api.request('POST', '/movements/batch', { headers, body });
    expect([first.status, first.body.data[0].status]).toEqual([201, 422]);
    const again = await api.request('POST', '/movements/batch', { headers, body });
    expect([again.text, again.headers.get('idempotent-replayed')]).toEqual([first.text, 'true']);
  });
});

describe('many batches at once', () => {
  const shuffled = <T>(list: T[]): T[] =>
    list
      .map((item) => [Math.random(), item] as const)
      .sort(([a], [b]) => a - b)
      .map(([, item]) => item);

  it('over the same parts in random order all succeed: 20 of them, no deadlock', async () => {
    const parts = await Promise.all(Array.from({ length: 40 }, () => newPart(api, { reorderPoint: 30 })));
    const answers = await Promise.all(
      Array.from({ length: 20 }, () =>
        batch(
          shuffled(parts).flatMap(({ sku }) => [receive({ sku, qty: 3 }), { ...receive({ sku }), kind: 'consume' }]),
        ),
      ),
    );
    expect(answers.map((answer) => answer.status)).toEqual(Array(20).fill(201));
    const { rows } = await api.db.pool.query('select distinct on_hand from part where id = any ($1)', [
      parts.map(({ id }) => id),
    ]);
    expect(rows).toEqual([{ on_hand: '40.000000' }]);
  });

  it('beside single posts, transfers, patches of the parts and new places never deadlock nor lose anything', async () => {
    const parts = await Promise.all(Array.from({ length: 12 }, () => newPart(api)));
    const places = await Promise.all(Array.from({ length: 6 }, () => newLocation(api)));
    await batch(parts.map(({ sku }) => receive({ sku, qty: 1_000 })));
    const transfers = () =>
      shuffled(parts).map(({ sku }) => {
        const [from, to] = Math.random() < 0.7 ? [here, shuffled(places)[0]] : shuffled([here, there]);
        return { kind: 'transfer', sku, from: from?.name, to: to?.name, qty: 1 };
      });
    const answers = await Promise.all([
      ...Array.from({ length: 10 }, () => batch(transfers(), { atomic: false })),
      ...Array.from({ length: 10 }, () => batch(shuffled(parts).map(({ sku }) => receive({ sku })))),
      ...shuffled(parts).map(({ sku }) => api.request('POST', '/movements', { body: receive({ sku }) })),
      ...shuffled(parts).map(({ id }) => api.request('PATCH', `/parts/${id}`, { body: { name: unique('N') } })),
    ]);
    expect([...new Set(answers.map((answer) => answer.status))].sort()).toEqual([200, 201]);
    const { rows } = await api.db.pool.query('select distinct on_hand from part where id = any ($1)', [
      parts.map(({ id }) => id),
    ]);
    expect(rows).toEqual([{ on_hand: '1011.000000' }]);
  });
});
