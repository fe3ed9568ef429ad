import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectLedgerInvariants } from '../ledger/invariants.ts';
import { startTestApi, type TestApi } from '../support/api.ts';
import { expectError, move, newLocation, newPart, rowCounts, unique } from './support.ts';

let api: TestApi;
let here: { id: number; name: string };
let there: { id: number; name: string };
beforeAll(async () => {
  api = await startTestApi();
  here = await newLocation(api);
  there = await newLocation(api);
});
afterAll(async () => {
  if (api) await expectLedgerInvariants(api);
  await api?.close();
});

const post = (body: unknown, key?: string) => api.request('POST', '/movements', { body, ...(key ? { key } : {}) });
const reverse = (id: number, fields: object = {}) => post({ kind: 'adjust', reverses: id, ...fields });
const rowOf = async (id: number) => (await api.request('GET', `/movements/${id}`)).body.data;

/** Posts a movement that must be recorded; answers its row, of a transfer the first. */
async function record(body: unknown) {
  const answer = await move(api, body);
  return rowOf(Number(answer.headers.get('location')?.split('/').at(-1)));
}

/** A part with 10 of it in `here`, which cost 1,000 cents. */
async function stocked(fields: Record<string, unknown> = {}) {
  const part = await newPart(api, fields);
  const receipt = await record({ kind: 'receive', sku: part.sku, location: here.name, qty: 10, unitCost: 100 });
  return { ...part, receipt };
}

const stockOf = async (partId: number) =>
  Object.fromEntries(
    (await api.request('GET', `/stock?partId=${partId}`)).body.data.map((row: { location: string; onHand: number }) => [
      row.location,
      row.onHand,
    ]),
  );
const costOf = async (partId: number) =>
  Number((await api.db.pool.query('select value from part where id = $1', [partId])).rows[0].value);

describe('a reversal', () => {
  it.each([
    ['receive', (sku: string) => ({ kind: 'receive', sku, location: here.name, qty: 2.5, unitCost: 333 })],
    ['consume', (sku: string) => ({ kind: 'consume', sku, location: here.name, qty: 3.3 })],
    ['adjust up', (sku: string) => ({ kind: 'adjust', sku, location: here.name, qtyDelta: 0.000001 })],
    ['adjust down', (sku: string) => ({ kind: 'adjust', sku, location: here.name, qtyDelta: -10 })],
    ['count', (sku: string) => ({ kind: 'count', sku, location: here.name, target: 4 })],
    ['count to nothing', (sku: string) => ({ kind: 'count', sku, location: here.name, target: 0 })],
    ['count of what is there', (sku: string) => ({ kind: 'count', sku, location: here.name, target: 10 })],
  ])('of a %s writes the exact opposite and leaves its row as it was', async (_kind, body) => {
    const part = await stocked();
    const value = await costOf(part.id);
    const row = await record(body(part.sku));
    const answer = await reverse(row.id);
    expect(answer.status, answer.text).toBe(201);
    expect(answer.text).toBe(`{"data":{"partId":${part.id},"sku":"${part.sku}","onHand":10,"unit":"ea"}}`);
    const reversal = await rowOf(Number(answer.headers.get('location')?.split('/').at(-1)));
    expect(reversal).toMatchObject({
      kind: 'adjust',
      partId: part.id,
      locationId: here.id,
      onHand: 10,
      reverses: row.id,
      transferId: null,
    });
    expect(reversal.qtyDelta + row.qtyDelta).toBe(0);
    expect(reversal.value + row.value).toBe(0);
    expect(await rowOf(row.id)).toEqual(row);
    expect([await stockOf(part.id), await costOf(part.id)]).toEqual([{ [here.name]: 10 }, value]);
  });

  it.each([0, 1])('of row %i of a transfer reverses both', async (which) => {
    const part = await stocked();
    const first = await record({ kind: 'transfer', sku: part.sku, from: here.name, to: there.name, qty: 4 });
    const rows = [first, await rowOf(first.id + 1)];
    expect(rows[1]).toMatchObject({ transferId: first.id, locationId: there.id, qtyDelta: 4 });
    const answer = await api.request('POST', '/movements', {
      body: { kind: 'adjust', reverses: rows[which].id },
      headers: { Prefer: 'return=representation' },
    });
    expect(answer.status, answer.text).toBe(201);
    const reversals = answer.body.data;
    expect(reversals).toHaveLength(2);
    expect(new Set(reversals.map((row: { reverses: number }) => row.reverses))).toEqual(
      new Set(rows.map((row) => row.id)),
    );
    for (const row of rows) {
      const opposite = reversals.find((each: { reverses: number }) => each.reverses === row.id);
      expect(opposite).toMatchObject({
        kind: 'adjust',
        locationId: row.locationId,
        qtyDelta: -row.qtyDelta,
        onHand: 10,
      });
      expect(opposite.value + row.value).toBe(0);
    }
    expect(reversals[0].transferId).toBe(reversals[0].id);
    expect(reversals[1].transferId).toBe(reversals[0].id);
    expect(answer.headers.get('location')).toBe(`/api/v1/movements/${reversals[0].id}`);
    expect([await stockOf(part.id), await costOf(part.id)]).toEqual([{ [here.name]: 10, [there.name]: 0 }, 1_000]);
    for (const row of rows) expectError(await reverse(row.id), 409, 'conflict', /reversed/);
  });

  it('happens at most once: 409 names the one there is', async () => {
    const part = await stocked();
    const row = await record({ kind: 'consume', sku: part.sku, location: here.name, qty: 1 });
    const first = await reverse(row.id);
    const before = await rowCounts(api);
    const id = first.headers.get('location')?.split('/').at(-1);
    expectError(await reverse(row.id), 409, 'conflict', new RegExp(`\\b${row.id}\\b.*\\b${id}\\b`));
    expect(await rowCounts(api)).toEqual(before);
  });

  it.each(['consume', 'transfer'])('of a %s happens once when 20 ask for it at once', async (kind) => {
    const part = await stocked();
    const where = kind === 'transfer' ? { from: here.name, to: there.name } : { location: here.name };
    const row = await record({ kind, sku: part.sku, ...where, qty: 3 });
    const ids = Array.from({ length: 20 }, (_, n) => (kind === 'transfer' ? row.id + (n % 2) : row.id));
    const answers = await Promise.all(ids.map((id) => reverse(id)));
    expect(answers.map((answer) => answer.status).sort()).toEqual([201, ...Array(19).fill(409)]);
    expect((await stockOf(part.id))[here.name]).toBe(10);
  });

  it('happens once within a batch, also of the two rows of a transfer', async () => {
    const part = await stocked();
    const row = await record({ kind: 'transfer', sku: part.sku, from: here.name, to: there.name, qty: 3 });
    for (const ids of [
      [row.id, row.id],
      [row.id, row.id + 1],
      [row.id + 1, row.id],
    ]) {
      const movements = ids.map((id) => ({ kind: 'adjust', reverses: id }));
      const answer = await api.request('POST', '/movements/batch', { body: { movements } });
      expectError(answer, 409, 'conflict', /movements\[1\]/);
      expect(answer.body.error.message).not.toMatch(/null|undefined|NaN/);
    }
    const movements = [row.id, row.id + 1].map((id) => ({ kind: 'adjust', reverses: id }));
    const each = await api.request('POST', '/movements/batch', { body: { movements, atomic: false } });
    expect(each.body.data.map((item: { status: number }) => item.status)).toEqual([201, 409]);
  });

  it('may itself be reversed, once, and what it undid stays reversed', async () => {
    const part = await stocked();
    const row = await record({ kind: 'consume', sku: part.sku, location: here.name, qty: 4 });
    const reversal = await record({ kind: 'adjust', reverses: row.id });
    const again = await record({ kind: 'adjust', reverses: reversal.id });
    expect(again).toMatchObject({ qtyDelta: -4, reverses: reversal.id, onHand: 6 });
    expectError(await reverse(reversal.id), 409, 'conflict');
    expectError(await reverse(row.id), 409, 'conflict');
    const third = await record({ kind: 'adjust', reverses: again.id });
    expect(third).toMatchObject({ qtyDelta: 4, onHand: 10 });
  });

  it('of a transfer may itself be reversed, from either row', async () => {
    const part = await stocked();
    const row = await record({ kind: 'transfer', sku: part.sku, from: here.name, to: there.name, qty: 4 });
    const reversal = await record({ kind: 'adjust', reverses: row.id });
    const again = await record({ kind: 'adjust', reverses: reversal.id + 1 });
    expect(again.transferId).toBe(again.id);
    expect(await stockOf(part.id)).toEqual({ [here.name]: 6, [there.name]: 4 });
    expectError(await reverse(reversal.id), 409, 'conflict');
  });

  it('needs the stock: the message names what is available', async () => {
    const part = await stocked();
    await record({ kind: 'consume', sku: part.sku, location: here.name, qty: 8 });
    const before = await rowCounts(api);
    expectError(await reverse(part.receipt.id), 422, 'insufficient_stock', /\b2 ea\b/);
    expect(await rowCounts(api)).toEqual(before);
  });

  it('of a transfer needs the stock where it went', async () => {
    const part = await stocked();
    const row = await record({ kind: 'transfer', sku: part.sku, from: here.name, to: there.name, qty: 4 });
    await record({ kind: 'consume', sku: part.sku, location: there.name, qty: 3 });
    const before = await rowCounts(api);
    for (const id of [row.id, row.id + 1]) {
      expectError(await reverse(id), 422, 'insufficient_stock', /\b1 ea\b/);
    }
    expect(await rowCounts(api)).toEqual(before);
  });

  it('of another organization’s movement is as of a missing one', async () => {
    const part = await stocked();
    const stranger = await api.createKey('write', await api.createOrganization());
    const before = await rowCounts(api);
    const answers = [await reverse(part.receipt.id, {}), await post({ kind: 'adjust', reverses: 999_999_999 })];
    expect(answers[0]?.status).toBe(201);
    const foreign = await post({ kind: 'adjust', reverses: part.receipt.id }, stranger);
    expectError(foreign, 422, 'unprocessable', `\`reverses\` ${part.receipt.id} does not exist.`);
    expectError(answers[1] as never, 422, 'unprocessable', '`reverses` 999999999 does not exist.');
    expect((await rowCounts(api)).movements).toBe(before.movements + 1);
  });

  it('may name the part and the location, which must then be those of the movement', async () => {
    const part = await stocked();
    const other = await stocked();
    const rowIds = await Promise.all(
      Array.from({ length: 6 }, async () => {
        return (await record({ kind: 'adjust', sku: part.sku, location: here.name, qtyDelta: 1 })).id as number;
      }),
    );
    const before = await rowCounts(api);
    for (const wrong of [
      { sku: other.sku },
      { partId: other.id },
      { location: there.name },
      { locationId: there.id },
      { sku: part.sku, location: there.name },
      { sku: other.sku, location: here.name },
      { sku: part.sku, partId: other.id },
      { sku: 'no such part' },
      { location: 'no such place' },
      { partId: 999_999_999 },
    ]) {
      expectError(await reverse(rowIds[0] as number, wrong), 422, 'unprocessable');
    }
    expect(await rowCounts(api)).toEqual(before);
    for (const [index, right] of [
      { sku: part.sku },
      { partId: part.id },
      { location: here.name },
      { locationId: here.id },
      { sku: part.sku.toLowerCase(), partId: part.id, location: here.name, locationId: here.id },
    ].entries()) {
      const answer = await reverse(rowIds[index] as number, right);
      expect(answer.status, answer.text).toBe(201);
    }
  });

  it('of a transfer may name the location of the row it names', async () => {
    const part = await stocked();
    const [one, two] = [
      await record({ kind: 'transfer', sku: part.sku, from: here.name, to: there.name, qty: 1 }),
      await record({ kind: 'transfer', sku: part.sku, from: here.name, to: there.name, qty: 1 }),
    ];
    expect((await reverse(one.id, { location: here.name })).status).toBe(201);
    expect((await reverse(two.id + 1, { location: there.name })).status).toBe(201);
  });

  it('takes no quantity, and only an adjust can be one', async () => {
    const part = await stocked();
    const before = await rowCounts(api);
    expectError(await reverse(part.receipt.id, { qtyDelta: -10 }), 422, 'unprocessable', /`qtyDelta`/);
    expectError(await reverse(part.receipt.id, { qty: 10 }), 422, 'unprocessable', /`qty`/);
    for (const kind of ['receive', 'consume', 'count', 'transfer']) {
      expectError(await post({ kind, reverses: part.receipt.id }), 422, 'unprocessable', /`reverses`/);
    }
    for (const id of [0, -1, 1.5, 'x', true, [1], 1e300]) {
      expectError(await post({ kind: 'adjust', reverses: id }), 422, 'unprocessable', /`reverses`/);
    }
    expect(await rowCounts(api)).toEqual(before);
  });

  it('carries document fields of its own; a transfer’s share an externalId', async () => {
    const part = await stocked();
    const row = await record({
      kind: 'transfer',
      sku: part.sku,
      from: here.name,
      to: there.name,
      qty: 4,
      reference: 'A',
    });
    const externalId = unique('Ext');
    const answer = await reverse(row.id, { externalId, reasonCode: 'wrong place', note: 'sorry' });
    expect(answer.status, answer.text).toBe(201);
    const { rows } = await api.db.pool.query(
      'select reference, reason_code, note from movement where external_id = $1',
      [externalId],
    );
    expect(rows).toEqual(Array(2).fill({ reference: null, reason_code: 'wrong place', note: 'sorry' }));
  });

  it('sends the events of an adjust', async () => {
    const part = await stocked({ reorderPoint: 5 });
    const row = await record({ kind: 'receive', sku: part.sku, location: here.name, qty: 1 });
    await record({ kind: 'consume', sku: part.sku, location: here.name, qty: 1 });
    await reverse(part.receipt.id).then((answer) => expect(answer.status).toBe(201));
    const { rows } = await api.db.pool.query(
      `select type, data from event where (data ->> 'partId')::bigint = $1 order by created_at, movement_id, id`,
      [part.id],
    );
    const types = rows.map((event: { type: string }) => event.type);
    expect(types.filter((type: string) => type === 'stock.low')).toHaveLength(1);
    const last = rows.findLast((event: { type: string }) => event.type === 'stock.movement.created');
    expect(last.data).toEqual({
      partId: part.id,
      sku: part.sku,
      locationId: here.id,
      qtyDelta: -10,
      kind: 'adjust',
      onHand: 0,
      unit: 'ea',
    });
    expectError(await reverse(row.id), 422, 'insufficient_stock', /\b0 ea\b/);
  });

  it('of what was received long ago takes its quantity exactly and never more value than there is', async () => {
    const part = await newPart(api);
    const dear = await record({ kind: 'receive', sku: part.sku, location: here.name, qty: 10, unitCost: 1_000 });
    await record({ kind: 'receive', sku: part.sku, location: here.name, qty: 10, unitCost: 1 });
    await record({ kind: 'consume', sku: part.sku, location: here.name, qty: 9 });
    const reversal = await record({ kind: 'adjust', reverses: dear.id });
    expect(reversal).toMatchObject({ qtyDelta: -10, onHand: 1 });
    expect(await costOf(part.id)).toBeGreaterThanOrEqual(0);
  });
});

describe('a count', () => {
  it('records what was expected, what was counted, and the difference', async () => {
    const part = await stocked();
    for (const [target, expected] of [
      [7.3, 10],
      [7.3, 7.3],
      [0, 7.3],
      [3140, 0],
      [3106.4, 3140],
    ] as const) {
      const row = await record({ kind: 'count', sku: part.sku, location: here.name, target });
      expect(row).toMatchObject({ expected, counted: target, onHand: target });
      expect(row.qtyDelta).toBe(Number((target - expected).toFixed(6)));
    }
    const elsewhere = await record({ kind: 'count', sku: part.sku, location: there.name, target: 2 });
    expect(elsewhere).toMatchObject({ expected: 0, counted: 2, qtyDelta: 2, onHand: 3108.4 });
    const receipt = await record({ kind: 'receive', sku: part.sku, location: there.name, qty: 1 });
    expect(receipt).toMatchObject({ expected: null, counted: null });
  });

  it('is refused when something else is on hand than the counter expected', async () => {
    const part = await stocked();
    const count = (fields: object) => post({ kind: 'count', sku: part.sku, location: here.name, target: 8, ...fields });
    const before = await rowCounts(api);
    expectError(await count({ expectedOnHand: 9.999999 }), 409, 'conflict', /`expectedOnHand`.*9\.999999.*\b10\b/);
    expectError(await count({ expectedOnHand: 0 }), 409, 'conflict');
    expectError(await count({ expectedOnHand: -1 }), 422, 'unprocessable', /`expectedOnHand`/);
    expectError(await count({ expectedOnHand: '10' }), 422, 'unprocessable', /`expectedOnHand`/);
    expect(await rowCounts(api)).toEqual(before);
    expect((await count({ expectedOnHand: 10 })).status).toBe(201);
    expect((await count({ expectedOnHand: 8 })).status).toBe(201);
    expect((await count({ expectedOnHand: null })).status).toBe(201);
  });

  it('judges expectedOnHand at its location; where nothing ever was, 0 is expected', async () => {
    const part = await stocked();
    const count = (fields: object) =>
      post({ kind: 'count', sku: part.sku, location: there.name, target: 8, ...fields });
    expectError(await count({ expectedOnHand: 10 }), 409, 'conflict', /\b0 ea\b/);
    expect((await count({ expectedOnHand: 0 })).status).toBe(201);
    expect((await count({ expectedOnHand: 8 })).status).toBe(201);
  });

  it('of 20 at once that expect the same, one is recorded', async () => {
    const part = await stocked();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        post({ kind: 'count', sku: part.sku, location: here.name, target: 20 + n, expectedOnHand: 10 }),
      ),
    );
    expect(answers.map((answer) => answer.status).sort()).toEqual([201, ...Array(19).fill(409)]);
  });

  it('only takes an expectation', async () => {
    const part = await stocked();
    const body = { kind: 'consume', sku: part.sku, location: here.name, qty: 1, expectedOnHand: 10 };
    expectError(await post(body), 422, 'unprocessable', /`expectedOnHand`/);
  });
});

describe('occurredAt', () => {
  it('is the past of a paper slip; createdAt and the running balance follow the commits', async () => {
    const part = await newPart(api);
    const at = { sku: part.sku, location: here.name };
    const first = await record({ kind: 'receive', ...at, qty: 5 });
    const slip = await record({ kind: 'receive', ...at, qty: 2, occurredAt: '2020-02-29T08:30:00Z' });
    expect(first.occurredAt).toBe(first.createdAt);
    expect(slip).toMatchObject({ occurredAt: '2020-02-29T08:30:00.000Z', onHand: 7 });
    expect(slip.createdAt >= first.createdAt).toBe(true);
    expect(Date.now() - Date.parse(slip.createdAt)).toBeLessThan(60_000);
  });

  it('is on both rows of a transfer and on reversals', async () => {
    const part = await stocked();
    const occurredAt = '2021-01-01T00:00:00.000Z';
    const row = await record({
      kind: 'transfer',
      sku: part.sku,
      from: here.name,
      to: there.name,
      qty: 1,
      occurredAt,
    });
    expect([row.occurredAt, (await rowOf(row.id + 1)).occurredAt]).toEqual([occurredAt, occurredAt]);
    const reversal = await record({ kind: 'adjust', reverses: row.id, occurredAt: '2021-01-02T00:00:00.000Z' });
    expect(reversal.occurredAt).toBe('2021-01-02T00:00:00.000Z');
    const plain = await record({ kind: 'adjust', reverses: part.receipt.id });
    expect(plain.occurredAt).toBe(plain.createdAt);
  });

  it.each([
    ['2024-07-01T12:00:00+02:00', '2024-07-01T10:00:00.000Z'],
    ['2024-07-01T00:15:00-11:30', '2024-07-01T11:45:00.000Z'],
    ['2024-01-01T00:00:00+14:00', '2023-12-31T10:00:00.000Z'],
    ['2024-07-01T12:00:00.123456Z', '2024-07-01T12:00:00.123Z'],
    ['1969-12-31T23:59:59.999Z', '1969-12-31T23:59:59.999Z'],
    ['1900-02-28T23:59:59Z', '1900-02-28T23:59:59.000Z'],
  ])('%s is %s', async (sent, shown) => {
    const part = await newPart(api);
    const row = await record({ kind: 'receive', sku: part.sku, location: here.name, qty: 1, occurredAt: sent });
    expect(row.occurredAt).toBe(shown);
  });

  it.each([
    new Date(Date.now() + 3_600_000).toISOString(),
    '9999-12-31T23:59:59Z',
    '2024-07-01',
    '2024-07-01T12:00:00',
    '2023-02-29T00:00:00Z',
    '2016-12-31T23:59:60Z',
    '2024-07-01T24:00:00Z',
    '2024-07-01T12:00:00+25:00',
    '2024-07-01 12:00:00Z',
    '0000-01-01T00:00:00Z',
    '0001-01-01T00:00:00Z',
    '0099-12-31T00:00:00Z',
    '1000-01-01T00:00:00+14:00',
    '-000001-01-01T00:00:00Z',
    'yesterday',
    '',
    1_719_835_200_000,
    true,
    {},
  ])('%j is refused', async (occurredAt) => {
    const part = await newPart(api);
    const before = await rowCounts(api);
    const body = { kind: 'receive', sku: part.sku, location: here.name, qty: 1, occurredAt };
    expectError(await post(body), 422, 'unprocessable', /`occurredAt`/);
    const many = await api.request('POST', '/movements/batch', { body: { movements: [body] } });
    expectError(many, 422, 'unprocessable', /`occurredAt`/);
    expect(await rowCounts(api)).toEqual(before);
  });

  it('a little ahead of our clock is no lie', async () => {
    const part = await newPart(api);
    const occurredAt = new Date(Date.now() + 20_000).toISOString();
    const row = await record({ kind: 'receive', sku: part.sku, location: here.name, qty: 1, occurredAt });
    expect(row.occurredAt).toBe(occurredAt);
  });
});
