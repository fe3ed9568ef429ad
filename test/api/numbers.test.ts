import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApi, type TestApi } from '../support/api.ts';
import { expectError, move, newLocation, newPart, rowCounts, unique } from './support.ts';

let api: TestApi;
let place: { id: number; name: string };
let other: { id: number; name: string };
beforeAll(async () => {
  api = await startTestApi();
  place = await newLocation(api, 'Here');
  other = await newLocation(api, 'There');
});
afterAll(() => api?.close());

/** A movement whose number is written exactly as `literal`. */
const post = (sku: string, kind: string, field: string, literal: string, locationId = place.id) =>
  api.request('POST', '/movements', {
    body: `{"kind":"${kind}","sku":"${sku}","locationId":${locationId},"${field}":${literal}}`,
  });

const storedDelta = async (location: string | null) =>
  (
    await api.db.pool.query('select trim_scale(qty_delta)::text as text from movement where id = $1', [
      location?.split('/').at(-1),
    ])
  ).rows[0].text;

describe('a quantity is taken exactly', () => {
  it.each([
    ['1', '1'],
    ['1.50', '1.5'],
    ['1e2', '100'],
    ['1E+2', '100'],
    ['12.5e-1', '1.25'],
    ['1e-6', '0.000001'],
    ['0.000001', '0.000001'],
    ['0.1234560000000', '0.123456'],
    ['1.000000000000000000000000000000', '1'],
    ['1000000000000e-12', '1'],
    ['0.0000000001e10', '1'],
    ['999999999.999999', '999999999.999999'],
    ['999999999999999e-6', '999999999.999999'],
    ['123456789.123457', '123456789.123457'],
    ['0.1', '0.1'],
    ['33.6', '33.6'],
  ])('%s is %s', async (literal, exact) => {
    const { sku, id } = await newPart(api);
    const answer = await post(sku, 'receive', 'qty', literal);
    expect(answer.status, answer.text).toBe(201);
    expect(answer.text).toBe(`{"data":{"partId":${id},"sku":"${sku}","onHand":${exact},"unit":"ea"}}`);
    expect(await storedDelta(answer.headers.get('location'))).toBe(exact);
    expect((await api.request('GET', `/stock?sku=${sku}`)).text).toContain(`"onHand":${exact},`);
    expect((await api.request('GET', `/movements?sku=${sku}`)).text).toContain(
      `"qtyDelta":${exact},"onHand":${exact},`,
    );
    expect((await api.request('GET', `/parts/${sku}`)).text).toContain(`"onHand":${exact},`);
  });
});

describe('a quantity is refused, never rounded', () => {
  it.each([
    '1e-7',
    '0.1234567',
    '0.0000001',
    '1000000000',
    '999999999.9999991',
    '999999999.9999990000001',
    '1000000000.000000',
    '1e9',
    '1e400',
    '-1e400',
    '1e-400',
    '1e-99999999999999999999',
    '1e99999999999999999999',
    '1.0000000000000000000000000000001',
    '0',
    '-0',
    '0.0',
    '0e400',
    '-1',
    '-0.000001',
    '"5"',
    '"1e2"',
    'true',
    '[5]',
    '{"value":5}',
    'null',
  ])('qty %s is 422', async (literal) => {
    const { sku } = await newPart(api);
    const before = await rowCounts(api);
    expectError(await post(sku, 'receive', 'qty', literal), 422, 'unprocessable', /`qty`/);
    expect(await rowCounts(api)).toEqual(before);
  });

  it.each(['01', '+1', '.5', '1.', '0x10', 'NaN', 'Infinity', '1_000', '1,5', '--1', '1e', '٣'])(
    'qty %s is 400: not JSON',
    async (literal) => {
      expectError(await post('X', 'receive', 'qty', literal), 400, 'bad_request');
    },
  );

  it.each(['0', '-0', '0.000000', '1e-7', '-0.0000001', '-1000000000', '"-1"', '-1e400'])(
    'qtyDelta %s is 422',
    async (literal) => {
      const { sku } = await newPart(api);
      expectError(await post(sku, 'adjust', 'qtyDelta', literal), 422, 'unprocessable', /`qtyDelta`/);
    },
  );

  it.each(['-1', '-0.000001', '-1e-6', '1e-7', '1000000000', '"0"', '-1e-400'])('target %s is 422', async (literal) => {
    const { sku } = await newPart(api);
    expectError(await post(sku, 'count', 'target', literal), 422, 'unprocessable', /`target`/);
  });

  it.each(['1.5', '-1', '"5"', '1e-1', '1e400', '0.0000001', 'true'])('unitCost %s is 422', async (literal) => {
    const { sku } = await newPart(api);
    const body = `{"kind":"receive","sku":"${sku}","locationId":${place.id},"qty":1,"unitCost":${literal}}`;
    expectError(await api.request('POST', '/movements', { body }), 422, 'unprocessable', /`unitCost`/);
    const newBody = `{"sku":"${unique('COST')}","name":"N","unitCost":${literal}}`;
    expectError(await api.request('POST', '/parts', { body: newBody }), 422, 'unprocessable', /`unitCost`/);
  });

  it('a unitCost beyond exact doubles is refused or kept exactly', async () => {
    for (const literal of ['9007199254740993', '9223372036854775807', '9223372036854775808', '123456789012345678901']) {
      const answer = await api.request('POST', '/parts', {
        body: `{"sku":"${unique('COST')}","name":"N","unitCost":${literal}}`,
      });
      if (answer.status === 201) expect(answer.text).toContain(`"unitCost":${literal},`);
      else expectError(answer, 422, 'unprocessable', /`unitCost`/);
    }
  });

  it('a number of half a million digits is refused at once', async () => {
    const { sku } = await newPart(api);
    const startedAtMs = performance.now();
    for (const literal of [
      '9'.repeat(500_000),
      `0.${'1'.repeat(500_000)}`,
      `1e-${'9'.repeat(500_000)}`,
      `1e${'9'.repeat(500_000)}`,
    ]) {
      expectError(await post(sku, 'receive', 'qty', literal), 422, 'unprocessable');
    }
    expect(performance.now() - startedAtMs).toBeLessThan(4_000);
  });
});

it.each([
  ['count', 'target', '-0', '0'],
  ['count', 'target', '0', '0'],
  ['count', 'target', '0.000000000', '0'],
  ['count', 'target', '2.50', '2.5'],
  ['adjust', 'qtyDelta', '+1'.slice(1), '1'],
])('takes %s %s %s', async (kind, field, literal, exact) => {
  const { sku } = await newPart(api);
  const answer = await post(sku, kind, field, literal);
  expect(answer.status, answer.text).toBe(201);
  expect(answer.text).toContain(`"onHand":${exact},`);
});

it.each(['18500', '0', '-0', '1.85e4', '100.0', '9007199254740991'])('takes unitCost %s', async (literal) => {
  const answer = await api.request('POST', '/parts', {
    body: `{"sku":"${unique('COST')}","name":"N","unitCost":${literal}}`,
  });
  expect(answer.status, answer.text).toBe(201);
  expect(answer.text).toContain(`"unitCost":${Number(literal) + 0},`);
});

it.each(['2.50', '0', '1e-6', '999999999.999999'])('takes reorderPoint %s', async (literal) => {
  const answer = await api.request('POST', '/parts', {
    body: `{"sku":"${unique('RP')}","name":"N","reorderPoint":${literal}}`,
  });
  expect(answer.status, answer.text).toBe(201);
  expect(answer.body.data.reorderPoint).toBe(Number(literal));
});

describe('arithmetic is decimal', () => {
  it('3140 − 3106.4 is 33.6, and 0.1 + 0.2 is 0.3', async () => {
    const { sku } = await newPart(api);
    await post(sku, 'receive', 'qty', '3140');
    expect((await post(sku, 'consume', 'qty', '3106.4')).text).toContain('"onHand":33.6,');
    expect((await post(sku, 'count', 'target', '0.1')).text).toContain('"onHand":0.1,');
    expect((await post(sku, 'receive', 'qty', '0.2')).text).toContain('"onHand":0.3,');
    const text = (await api.request('GET', `/movements?sku=${sku}`)).text;
    expect(text).toContain('"qtyDelta":-33.5,');
    const events = await api.db.pool.query(`select data::text as text from event where data ->> 'sku' = $1`, [sku]);
    expect(events.rows.map((row) => row.text).join()).not.toMatch(/\d\.\d{7}/);
  });

  it('a level or a total beyond 999999999.999999 is 422 and writes nothing', async () => {
    const { sku } = await newPart(api);
    await post(sku, 'receive', 'qty', '999999999.999998');
    const before = await rowCounts(api);
    expectError(await post(sku, 'receive', 'qty', '0.000002'), 422, 'unprocessable');
    expectError(await post(sku, 'receive', 'qty', '0.000002', other.id), 422, 'unprocessable');
    expectError(await post(sku, 'adjust', 'qtyDelta', '999999999', other.id), 422, 'unprocessable');
    expectError(await post(sku, 'count', 'target', '1', other.id), 422, 'unprocessable');
    expect(await rowCounts(api)).toEqual(before);
    expect((await post(sku, 'receive', 'qty', '0.000001', other.id)).text).toContain('"onHand":999999999.999999,');
    const back = { kind: 'transfer', sku, fromId: other.id, toId: place.id, qty: 0.000001 };
    expect((await move(api, back)).text).toContain('"onHand":999999999.999999,');
    expect((await post(sku, 'count', 'target', '0')).text).toContain('"onHand":0,');
  });
});
