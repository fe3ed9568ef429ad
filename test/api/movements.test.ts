import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApi, type TestApi } from '../support/api.ts';
import { eventsOf, expectError, move, newLocation, newPart, rowCounts, unique } from './support.ts';

let api: TestApi;
let there: string;
let elsewhere: string;
beforeAll(async () => {
  api = await startTestApi();
  there = (await newLocation(api, 'Almacén Central')).name;
  elsewhere = (await newLocation(api, 'Camioneta de Alice')).name;
});
afterAll(() => api?.close());

const movementKeys =
  'id kind partId sku locationId location qtyDelta onHand unit unitCost transferId note createdAt occurredAt externalId reference referenceLine reasonCode costCenter workOrder reverses expected counted value'.split(
    ' ',
  );

async function stockOf(sku: string): Promise<Record<string, number>> {
  const { body } = await api.request('GET', `/stock?sku=${encodeURIComponent(sku)}`);
  return Object.fromEntries(body.data.map((row: { location: string; onHand: number }) => [row.location, row.onHand]));
}

describe('POST /movements', () => {
  it('answers the published bodies byte for byte', async () => {
    const part = await newPart(api, { sku: 'OIL-15W40', name: 'Oil', unit: 'L' });
    const receive = { kind: 'receive', sku: 'OIL-15W40', location: 'Almacén Central', qty: 20, unitCost: 18500 };
    const received = await move(api, receive);
    expect(received.text).toBe(`{"data":{"partId":${part.id},"sku":"OIL-15W40","onHand":20,"unit":"L"}}`);
    const transfer = { kind: 'transfer', sku: 'OIL-15W40', from: 'Almacén Central', to: 'Camioneta de Alice', qty: 5 };
    const transferred = await move(api, transfer);
    expect(transferred.text).toBe(`{"data":{"partId":${part.id},"sku":"OIL-15W40","onHand":20,"unit":"L"}}`);
    expect(await stockOf('OIL-15W40')).toEqual({ [there]: 15, [elsewhere]: 5 });
  });

  it('follows each kind: levels, the total over all locations, and one ledger row each', async () => {
    const { sku, id } = await newPart(api);
    const steps: [Record<string, unknown>, number, number, number][] = [
      [{ kind: 'receive', location: there, qty: 10 }, 10, 10, 10],
      [{ kind: 'receive', location: elsewhere, qty: 4 }, 14, 4, 4],
      [{ kind: 'consume', location: there, qty: 3 }, 11, -3, 7],
      [{ kind: 'adjust', location: there, qtyDelta: 2.5 }, 13.5, 2.5, 9.5],
      [{ kind: 'adjust', location: there, qtyDelta: -0.5 }, 13, -0.5, 9],
      [{ kind: 'count', location: there, target: 6 }, 10, -3, 6],
      [{ kind: 'count', location: elsewhere, target: 0 }, 6, -4, 0],
      [{ kind: 'count', location: there, target: 6 }, 6, 0, 6],
    ];
    for (const [body, total, qtyDelta, level] of steps) {
      const answer = await move(api, { sku, ...body });
      expect(answer.body.data).toEqual({ partId: id, sku, onHand: total, unit: 'ea' });
      const row = (await api.request('GET', String(answer.headers.get('location')).replace('/api/v1', ''))).body.data;
      expect(row).toMatchObject({ kind: body.kind, location: body.location, qtyDelta, onHand: total });
      expect((await stockOf(sku))[String(body.location)]).toBe(level);
    }
    expect((await api.request('GET', `/movements?sku=${sku}`)).body.data).toHaveLength(steps.length);
    expect((await api.request('GET', `/parts/${sku}`)).body.data.onHand).toBe(6);
  });

  it('names the ledger row in Location, and GET there shows it with its keys in order', async () => {
    const { sku, id } = await newPart(api, { unit: 'kg' });
    const answer = await move(api, {
      kind: 'receive',
      sku,
      location: there,
      qty: 1.25,
      unitCost: 700,
      note: 'Ünïcode',
    });
    expect(answer.headers.get('location')).toMatch(/^\/api\/v1\/movements\/[1-9]\d*$/);
    const row = await api.request('GET', String(answer.headers.get('location')).replace('/api/v1', ''));
    expect(row.status).toBe(200);
    expect(Object.keys(row.body.data)).toEqual(movementKeys);
    expect(row.body.data).toEqual({
      id: Number(answer.headers.get('location')?.split('/').at(-1)),
      kind: 'receive',
      partId: id,
      sku,
      locationId: expect.any(Number),
      location: there,
      qtyDelta: 1.25,
      onHand: 1.25,
      unit: 'kg',
      unitCost: 700,
      transferId: null,
      note: 'Ünïcode',
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      occurredAt: row.body.data.createdAt,
      externalId: null,
      reference: null,
      referenceLine: null,
      reasonCode: null,
      costCenter: null,
      workOrder: null,
      reverses: null,
      expected: null,
      counted: null,
      value: 875,
    });
  });

  it('answers the full movement with Prefer: return=representation', async () => {
    const { sku } = await newPart(api);
    for (const Prefer of [
      'return=representation',
      'respond-async, return=representation; x=1',
      'return="representation"',
    ]) {
      const body = { kind: 'receive', sku, location: there, qty: 1 };
      const answer = await api.request('POST', '/movements', { body, headers: { Prefer } });
      expect(answer.status).toBe(201);
      const row = await api.request('GET', String(answer.headers.get('location')).replace('/api/v1', ''));
      expect(answer.text).toBe(row.text);
    }
  });

  it.each(['return=minimal', 'return=representational', 'handling=strict', ''])(
    'answers the published body with Prefer: "%s"',
    async (Prefer) => {
      const { sku } = await newPart(api);
      const body = { kind: 'receive', sku, location: there, qty: 1 };
      const answer = await api.request('POST', '/movements', { body, headers: { Prefer } });
      expect(Object.keys(answer.body.data)).toEqual(['partId', 'sku', 'onHand', 'unit']);
    },
  );

  it('writes a transfer as two rows, out then in, that share one transferId and the unchanged total', async () => {
    const { sku, id } = await newPart(api);
    await move(api, { kind: 'receive', sku, location: there, qty: 9 });
    const body = { kind: 'transfer', sku, from: there, to: elsewhere, qty: 4, note: 'N' };
    const answer = await api.request('POST', '/movements', { body, headers: { Prefer: 'return=representation' } });
    expect(answer.status).toBe(201);
    const [out, into, ...others] = answer.body.data;
    expect(others).toEqual([]);
    expect(out).toMatchObject({ kind: 'transfer', partId: id, location: there, qtyDelta: -4, onHand: 9, note: 'N' });
    expect(into).toMatchObject({
      kind: 'transfer',
      partId: id,
      location: elsewhere,
      qtyDelta: 4,
      onHand: 9,
      note: 'N',
    });
    expect(out.transferId).toEqual(expect.any(Number));
    expect(into.transferId).toBe(out.transferId);
    expect(into.id).toBeGreaterThan(out.id);
    expect(answer.headers.get('location')).toBe(`/api/v1/movements/${out.id}`);
    expect(await stockOf(sku)).toEqual({ [there]: 5, [elsewhere]: 4 });
    const events = await eventsOf(api, 'stock.movement.created', id);
    expect(events.slice(1).map((event) => [event.data.qtyDelta, event.data.onHand])).toEqual([
      [-4, 9],
      [4, 9],
    ]);
  });

  it('sends one event a row, its data byte for byte as published', async () => {
    const { sku, id } = await newPart(api, { unit: 'L' });
    const at = (await api.request('GET', '/locations')).body.data.find((row: { name: string }) => row.name === there);
    await move(api, { kind: 'receive', sku, location: there, qty: 20 });
    await move(api, { kind: 'consume', sku, location: there, qty: 2 });
    await move(api, { kind: 'count', sku, location: there, target: 18 });
    const events = await eventsOf(api, 'stock.movement.created', id);
    const data = (qtyDelta: number, kind: string, onHand: number) => ({
      partId: id,
      sku,
      locationId: at.id,
      qtyDelta,
      kind,
      onHand,
      unit: 'L',
    });
    const expected = [data(20, 'receive', 20), data(-2, 'consume', 18), data(0, 'count', 18)];
    expect(events.map((event) => Object.keys(event.data))).toEqual(expected.map((event) => Object.keys(event)));
    expect(events.map((event) => event.data)).toEqual(expected);
  });
});

describe('insufficient stock', () => {
  it.each([
    ['consume', { kind: 'consume', location: 'Almacén Central', qty: 3.000001 }],
    ['adjust', { kind: 'adjust', location: 'Almacén Central', qtyDelta: -4 }],
    ['transfer', { kind: 'transfer', from: 'Almacén Central', to: 'Camioneta de Alice', qty: 5 }],
  ])('refuses a %s below zero with 422 that names what is available, and writes nothing', async (_, body) => {
    const { sku } = await newPart(api);
    await move(api, { kind: 'receive', sku, location: there, qty: 3 });
    await move(api, { kind: 'receive', sku, location: elsewhere, qty: 50 });
    const before = await rowCounts(api);
    expectError(
      await api.request('POST', '/movements', { body: { sku, ...body } }),
      422,
      'insufficient_stock',
      /\b3\b/,
    );
    expect(await rowCounts(api)).toEqual(before);
    expect(await stockOf(sku)).toEqual({ [there]: 3, [elsewhere]: 50 });
  });

  it('refuses to take from a location that never had the part, and makes no stock row', async () => {
    const { sku } = await newPart(api);
    for (const body of [
      { kind: 'consume', sku, location: there, qty: 1 },
      { kind: 'adjust', sku, location: there, qtyDelta: -1 },
      { kind: 'transfer', sku, from: there, to: elsewhere, qty: 1 },
    ]) {
      expectError(await api.request('POST', '/movements', { body }), 422, 'insufficient_stock', /\b0\b/);
    }
    expect(await stockOf(sku)).toEqual({});
  });

  it('takes the very last unit', async () => {
    const { sku } = await newPart(api);
    await move(api, { kind: 'receive', sku, location: there, qty: 0.3 });
    await move(api, { kind: 'consume', sku, location: there, qty: 0.1 });
    const last = await move(api, { kind: 'consume', sku, location: there, qty: 0.2 });
    expect(last.body.data.onHand).toBe(0);
    expect(await stockOf(sku)).toEqual({ [there]: 0 });
  });
});

describe('stock.low', () => {
  it('fires on the crossing only, re-arms above, and its data is as promised', async () => {
    const { sku, id } = await newPart(api, { reorderPoint: 5, unit: 'L' });
    const lows = async () => (await eventsOf(api, 'stock.low', id)).map((event) => event.text);
    const low = (onHand: number) => ({ partId: id, sku, onHand, reorderPoint: 5, unit: 'L' });
    const steps: [Record<string, unknown>, number[]][] = [
      [{ kind: 'receive', location: there, qty: 4 }, []],
      [{ kind: 'receive', location: there, qty: 1 }, []],
      [{ kind: 'receive', location: elsewhere, qty: 3 }, []],
      [{ kind: 'consume', location: there, qty: 2 }, []],
      [{ kind: 'consume', location: there, qty: 1 }, [5]],
      [{ kind: 'consume', location: there, qty: 1 }, [5]],
      [{ kind: 'count', location: there, target: 1 }, [5]],
      [{ kind: 'adjust', location: there, qtyDelta: 10 }, [5]],
      [{ kind: 'transfer', from: there, to: elsewhere, qty: 11 }, [5]],
      [{ kind: 'count', location: elsewhere, target: 0 }, [5, 0]],
      [{ kind: 'receive', location: there, qty: 6 }, [5, 0]],
      [{ kind: 'adjust', location: there, qtyDelta: -0.999999 }, [5, 0]],
      [{ kind: 'adjust', location: there, qtyDelta: -0.000001 }, [5, 0, 5]],
    ];
    for (const [body, expected] of steps) {
      await move(api, { sku, ...body });
      expect((await lows()).map((text) => JSON.parse(text))).toEqual(expected.map(low));
    }
    const [first] = await eventsOf(api, 'stock.low', id);
    expect(Object.keys(first?.data)).toEqual(['partId', 'sku', 'onHand', 'reorderPoint', 'unit']);
  });

  it('never fires without a reorder point, nor for a changed one', async () => {
    const { sku, id } = await newPart(api);
    await move(api, { kind: 'receive', sku, location: there, qty: 5 });
    await move(api, { kind: 'consume', sku, location: there, qty: 4 });
    await api.request('PATCH', `/parts/${id}`, { body: { reorderPoint: 100 } });
    await move(api, { kind: 'consume', sku, location: there, qty: 1 });
    expect(await eventsOf(api, 'stock.low', id)).toEqual([]);
  });

  it('fires at a reorder point of 0 when the last unit goes', async () => {
    const { sku, id } = await newPart(api, { reorderPoint: 0 });
    await move(api, { kind: 'receive', sku, location: there, qty: 1 });
    await move(api, { kind: 'consume', sku, location: there, qty: 1 });
    expect(await eventsOf(api, 'stock.low', id)).toHaveLength(1);
  });

  it('does not fire for a movement that is refused', async () => {
    const { sku, id } = await newPart(api, { reorderPoint: 2 });
    await move(api, { kind: 'receive', sku, location: there, qty: 3 });
    await api.request('POST', '/movements', { body: { kind: 'consume', sku, location: there, qty: 4 } });
    expect(await eventsOf(api, 'stock.low', id)).toEqual([]);
  });
});

describe('refuses with 422 that names the field', () => {
  it.each<[string, Record<string, unknown>, string]>([
    ['no kind', { kind: undefined, qty: 1 }, 'kind'],
    ['a null kind', { kind: null, qty: 1 }, 'kind'],
    ['an unknown kind', { kind: 'steal', qty: 1 }, 'kind'],
    ['a kind in another case', { kind: 'Receive', qty: 1 }, 'kind'],
    ['a kind that is no string', { kind: 1, qty: 1 }, 'kind'],
    ['receive without qty', { kind: 'receive' }, 'qty'],
    ['receive without sku', { kind: 'receive', sku: undefined, qty: 1 }, 'sku'],
    ['receive without location', { kind: 'receive', location: undefined, qty: 1 }, 'location'],
    ['receive of 0', { kind: 'receive', qty: 0 }, 'qty'],
    ['receive of less than 0', { kind: 'receive', qty: -1 }, 'qty'],
    ['consume of 0', { kind: 'consume', qty: 0 }, 'qty'],
    ['adjust by 0', { kind: 'adjust', qtyDelta: 0 }, 'qtyDelta'],
    ['adjust without qtyDelta', { kind: 'adjust' }, 'qtyDelta'],
    ['adjust with qty', { kind: 'adjust', qty: 1, qtyDelta: 1 }, 'qty'],
    ['count below 0', { kind: 'count', target: -1 }, 'target'],
    ['count without target', { kind: 'count' }, 'target'],
    ['receive with target', { kind: 'receive', qty: 1, target: 1 }, 'target'],
    ['receive with `to`', { kind: 'receive', qty: 1, to: 'Camioneta de Alice' }, 'to'],
    ['unitCost on consume', { kind: 'consume', qty: 1, unitCost: 5 }, 'unitCost'],
    ['a mistyped field', { kind: 'receive', qty: 1, untiCost: 5 }, 'untiCost'],
    ['a negative unitCost', { kind: 'receive', qty: 1, unitCost: -1 }, 'unitCost'],
    ['a fractional unitCost', { kind: 'receive', qty: 1, unitCost: 0.5 }, 'unitCost'],
    ['a note that is no string', { kind: 'receive', qty: 1, note: 5 }, 'note'],
    ['an unknown part', { kind: 'receive', sku: 'no-such', qty: 1 }, 'sku'],
    ['an unknown location', { kind: 'receive', location: 'no-such', qty: 1 }, 'location'],
    ['a sku that is no reference', { kind: 'receive', sku: true, qty: 1 }, 'sku'],
    ['a location that is no reference', { kind: 'receive', location: ['x'], qty: 1 }, 'location'],
    ['an empty sku', { kind: 'receive', sku: '', qty: 1 }, 'sku'],
  ])('%s', async (_, fields, field) => {
    const { sku } = await newPart(api);
    const before = await rowCounts(api);
    const body = { sku, location: there, ...fields };
    expectError(await api.request('POST', '/movements', { body }), 422, 'unprocessable', new RegExp(`\`${field}\``));
    expect(await rowCounts(api)).toEqual(before);
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['transfer without from', { from: undefined }, 'from'],
    ['transfer without to', { to: undefined }, 'to'],
    ['transfer without qty', { qty: undefined }, 'qty'],
    ['transfer of 0', { qty: 0 }, 'qty'],
    ['transfer with location', { location: 'Almacén Central' }, 'location'],
    ['transfer from an unknown location', { from: 'no-such' }, 'from'],
    ['transfer to an unknown location', { to: 'no-such' }, 'to'],
    ['transfer to where it is', { to: 'ALMACÉN central' }, 'to'],
  ])('%s', async (_, fields, field) => {
    const { sku } = await newPart(api);
    await move(api, { kind: 'receive', sku, location: there, qty: 5 });
    const before = await rowCounts(api);
    const body = { kind: 'transfer', sku, from: there, to: elsewhere, qty: 1, ...fields };
    expectError(await api.request('POST', '/movements', { body }), 422, 'unprocessable', new RegExp(`\`${field}\``));
    expect(await rowCounts(api)).toEqual(before);
  });

  it('an unknown part or location, quoting the value', async () => {
    const { sku } = await newPart(api);
    const [noSku, noLocation] = [unique('no-sku'), unique('no-place')];
    const post = (body: object) => api.request('POST', '/movements', { body: { kind: 'receive', qty: 1, ...body } });
    expectError(await post({ sku: noSku, location: there }), 422, 'unprocessable', new RegExp(noSku));
    expectError(await post({ sku, location: noLocation }), 422, 'unprocessable', new RegExp(noLocation));
    expectError(await post({ partId: 987654, location: there }), 422, 'unprocessable', /`partId`.*987654/);
    expectError(await post({ sku, locationId: 987654 }), 422, 'unprocessable', /`locationId`.*987654/);
  });

  it('everything missing at once, each named', async () => {
    const answer = await api.request('POST', '/movements', { body: { kind: 'transfer' } });
    expectError(answer, 422, 'unprocessable');
    for (const field of ['sku', 'from', 'to', 'qty']) expect(answer.body.error.message).toContain(`\`${field}\``);
  });
});

it('treats a null field as absent', async () => {
  const { sku } = await newPart(api);
  const body = {
    kind: 'receive',
    sku,
    partId: null,
    location: there,
    locationId: null,
    qty: 1,
    unitCost: null,
    note: null,
  };
  await move(api, { ...body, qtyDelta: null, colour: null });
});

describe('GET /stock', () => {
  it('shows a row for each part and location with a movement, zeros included, keys in order', async () => {
    const { sku, id } = await newPart(api, { unit: 'm' });
    await move(api, { kind: 'count', sku, location: there, target: 0 });
    await move(api, { kind: 'receive', sku, location: elsewhere, qty: 1.5 });
    const { data } = (await api.request('GET', `/stock?partId=${id}`)).body;
    expect(data).toEqual([
      { partId: id, sku, locationId: expect.any(Number), location: there, onHand: 0, unit: 'm', value: 0 },
      { partId: id, sku, locationId: expect.any(Number), location: elsewhere, onHand: 1.5, unit: 'm', value: 0 },
    ]);
    expect(Object.keys(data[0])).toEqual(['partId', 'sku', 'locationId', 'location', 'onHand', 'unit', 'value']);
  });

  it('narrows stock and movements by part and location, by id or name, alone and together', async () => {
    const [one, two] = [await newPart(api), await newPart(api)];
    const [a, b] = [await newLocation(api, 'Loc & A/é'), await newLocation(api)];
    for (const part of [one, two])
      for (const location of [a, b])
        await move(api, { kind: 'receive', partId: part.id, locationId: location.id, qty: 1 });
    const e = encodeURIComponent;
    for (const [query, expected] of [
      [
        `sku=${one.sku.toLowerCase()}`,
        [
          [one.id, a.id],
          [one.id, b.id],
        ],
      ],
      [
        `sku=${one.id}`,
        [
          [one.id, a.id],
          [one.id, b.id],
        ],
      ],
      [
        `partId=${two.id}`,
        [
          [two.id, a.id],
          [two.id, b.id],
        ],
      ],
      [
        `location=${e(a.name)}`,
        [
          [one.id, a.id],
          [two.id, a.id],
        ],
      ],
      [`locationId=${b.id}&sku=${two.sku}`, [[two.id, b.id]]],
      [`sku=${one.sku}&partId=${one.id}&location=${e(a.name)}&locationId=${a.id}`, [[one.id, a.id]]],
      [`sku=${one.sku}&partId=${two.id}`, []],
    ] as const) {
      const pairs = async (path: string) =>
        (await api.request('GET', `${path}?${query}`)).body.data.map((row: { partId: number; locationId: number }) => [
          row.partId,
          row.locationId,
        ]);
      expect(await pairs('/stock'), query).toEqual(expected);
      expect((await pairs('/movements')).toReversed(), query).toEqual(expected);
    }
  });

  it('narrows movements by kind', async () => {
    const { sku } = await newPart(api);
    await move(api, { kind: 'receive', sku, location: there, qty: 5 });
    await move(api, { kind: 'consume', sku, location: there, qty: 1 });
    await move(api, { kind: 'transfer', sku, from: there, to: elsewhere, qty: 1 });
    const kinds = async (kind: string) =>
      (await api.request('GET', `/movements?sku=${sku}&kind=${kind}`)).body.data.map(
        (row: { qtyDelta: number }) => row.qtyDelta,
      );
    expect(await kinds('consume')).toEqual([-1]);
    expect(await kinds('transfer')).toEqual([1, -1]);
    expect(await kinds('count')).toEqual([]);
  });
});
