import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApi, type TestApi } from '../support/api.ts';
import { eventually } from '../support/deliveries.ts';
import { eventsOf, expectError, move, newLocation, newPart, rowCounts, unique } from './support.ts';

let api: TestApi;
let part: { id: number; sku: string };
let [here, there]: { id: number; name: string }[] = [];
beforeAll(async () => {
  api = await startTestApi();
  part = await newPart(api);
  here = await newLocation(api);
  there = await newLocation(api);
  await move(api, receive({ qty: 1_000 }));
});
afterAll(() => api?.close());

const receive = (fields: object = {}) => ({ kind: 'receive', sku: part.sku, location: here?.name, qty: 1, ...fields });
const transfer = (fields: object = {}) => ({
  kind: 'transfer',
  sku: part.sku,
  from: here?.name,
  to: there?.name,
  qty: 1,
  ...fields,
});
const post = (body: unknown, key?: string) => api.request('POST', '/movements', { body, ...(key ? { key } : {}) });
const batch = (body: object) => api.request('POST', '/movements/batch', { body });
const idOf = (location: string | null) => Number(location?.split('/').at(-1));
const rowOf = async (id: number) => (await api.request('GET', `/movements/${id}`)).body.data;

const documents = {
  externalId: 'SAP-4711/1',
  reference: 'PO-2026-0815',
  referenceLine: '10',
  reasonCode: 'breakdown',
  costCenter: 'CC 42',
  workOrder: 'WO-9',
};
const names = Object.keys(documents);
const none = Object.fromEntries(names.map((name) => [name, null]));

describe('document fields', () => {
  it.each([
    ['receive', () => receive()],
    ['consume', () => ({ ...receive(), kind: 'consume' })],
    ['adjust', () => ({ kind: 'adjust', sku: part.sku, location: here?.name, qtyDelta: 1 })],
    ['count', () => ({ kind: 'count', sku: part.sku, location: here?.name, target: 900 })],
  ])('are shown on a %s as they were sent, and the published answer stays as it is', async (kind, body) => {
    const externalId = unique('Ext');
    const answer = await move(api, { ...body(), ...documents, externalId });
    expect(Object.keys(answer.body.data)).toEqual(['partId', 'sku', 'onHand', 'unit']);
    const id = idOf(answer.headers.get('location'));
    expect(await rowOf(id)).toMatchObject({ kind, ...documents, externalId });
    const event = (await eventsOf(api, 'stock.movement.created', part.id)).at(-1);
    expect(Object.keys(event.data)).toEqual(['partId', 'sku', 'locationId', 'qtyDelta', 'kind', 'onHand', 'unit']);
  });

  it('are on both rows of a transfer', async () => {
    const externalId = unique('Ext');
    const answer = await api.request('POST', '/movements', {
      body: transfer({ ...documents, externalId }),
      headers: { Prefer: 'return=representation' },
    });
    expect(answer.status).toBe(201);
    expect(answer.body.data).toHaveLength(2);
    for (const row of answer.body.data) expect(row).toMatchObject({ ...documents, externalId });
  });

  it('are null when they are not sent, or sent as null', async () => {
    for (const body of [receive(), receive(none)]) {
      const id = idOf((await move(api, body)).headers.get('location'));
      expect(await rowOf(id)).toMatchObject(none);
    }
  });

  it('repeat freely but for externalId: a line is often received in parts', async () => {
    const { externalId: _, ...rest } = documents;
    await move(api, receive(rest));
    await move(api, receive(rest));
  });

  it.each(names)('%s holds at most 255 characters of one line', async (name) => {
    await move(api, receive({ [name]: unique('y').padEnd(255, 'y') }));
    const before = await rowCounts(api);
    for (const wrong of ['x'.repeat(256), '', '  ', 'two\nlines', 'nul\0', '\ud800', 7, true, ['x'], {}]) {
      expectError(await post(receive({ [name]: wrong })), 422, 'unprocessable', new RegExp(`\`${name}\``));
    }
    expect(await rowCounts(api)).toEqual(before);
  });

  it('names every field at fault at once', async () => {
    const answer = await post(receive({ reference: 5, costCenter: '', qty: 0 }));
    expectError(answer, 422, 'unprocessable', /`reference`.*`costCenter`|`costCenter`.*`reference`/);
    expect(answer.body.error.message).toContain('`qty`');
  });
});

describe('an externalId', () => {
  it('is recorded once in an organization: 409 names the movement that has it, whatever else the repeat says', async () => {
    const externalId = unique('Ext');
    const id = idOf((await move(api, receive({ externalId }))).headers.get('location'));
    const before = await rowCounts(api);
    const other = await newPart(api);
    for (const body of [
      receive({ externalId }),
      receive({ externalId, qty: 7 }),
      { ...receive({ externalId }), sku: other.sku },
      { ...receive({ externalId }), kind: 'consume' },
      transfer({ externalId }),
    ]) {
      expectError(await post(body), 409, 'conflict', new RegExp(`\\b${id}\\b`));
    }
    expect(await rowCounts(api)).toEqual({ ...before, parts: before.parts + 1, events: before.events + 1 });
  });

  it('of a transfer is taken too, and its first row is named', async () => {
    const externalId = unique('Ext');
    const id = idOf((await move(api, transfer({ externalId }))).headers.get('location'));
    for (const body of [receive({ externalId }), transfer({ externalId })]) {
      expectError(await post(body), 409, 'conflict', new RegExp(`\\b${id}\\b`));
    }
  });

  it('is another organization’s own affair', async () => {
    const externalId = unique('Ext');
    await move(api, receive({ externalId }));
    const key = await api.createKey('write', await api.createOrganization());
    const theirs = { part: await newPart(api, {}, key), place: await newLocation(api, undefined, key) };
    const body = { kind: 'receive', partId: theirs.part.id, locationId: theirs.place.id, qty: 1, externalId };
    expect((await post(body, key)).status).toBe(201);
  });

  it('is free again when its request was refused', async () => {
    const externalId = unique('Ext');
    expectError(await post({ ...receive({ externalId, qty: 999_999 }), kind: 'consume' }), 422, 'insufficient_stock');
    expectError(
      await batch({ movements: [receive({ externalId }), receive({ sku: 'no such' })] }),
      422,
      'unprocessable',
    );
    const tried = await batch({ movements: [receive({ externalId })], dryRun: true });
    expect(tried.status).toBe(200);
    await move(api, receive({ externalId }));
  });

  it('is still refused when the idempotency key has expired', async () => {
    const externalId = unique('Ext');
    const headers = { 'Idempotency-Key': unique('key') };
    const send = () => api.request('POST', '/movements', { body: receive({ externalId }), headers });
    const first = await send();
    expect((await send()).headers.get('idempotent-replayed')).toBe('true');
    await api.db.pool.query(`update idempotency_key set created_at = created_at - interval '8 days'`);
    const before = await rowCounts(api);
    const id = idOf(first.headers.get('location'));
    expectError(await send(), 409, 'conflict', new RegExp(`\\b${id}\\b`));
    expect(await rowCounts(api)).toEqual(before);
  });

  it('differs by case, and is trimmed', async () => {
    const externalId = unique('Ext');
    await move(api, receive({ externalId }));
    await move(api, receive({ externalId: externalId.toUpperCase() }));
    expectError(await post(receive({ externalId: ` ${externalId} ` })), 409, 'conflict');
  });

  it.each([
    ['one part', async () => part.sku],
    ['different parts', async () => (await newPart(api)).sku],
  ])('is recorded once by 20 equal requests at once, on %s', async (_which, skuOf) => {
    const externalId = unique('Ext, (a) "quoted" one');
    const skus = await Promise.all(Array.from({ length: 20 }, skuOf));
    const answers = await Promise.all(skus.map((sku) => post(receive({ externalId, sku }))));
    const recorded = answers.filter((answer) => answer.status === 201);
    expect(recorded).toHaveLength(1);
    const id = idOf(recorded[0]?.headers.get('location') ?? null);
    for (const answer of answers.filter((each) => each.status !== 201)) {
      expectError(answer, 409, 'conflict', new RegExp(`\\b${id}\\b`));
      expect(answer.body.error.message).toContain(externalId);
    }
  });

  it('is recorded once by 20 equal transfers at once', async () => {
    const externalId = unique('Ext');
    const answers = await Promise.all(Array.from({ length: 20 }, () => post(transfer({ externalId }))));
    expect(answers.map((answer) => answer.status).sort()).toEqual([201, ...Array(19).fill(409)]);
    const { rows } = await api.db.pool.query('select id from movement where external_id = $1', [externalId]);
    expect(rows).toHaveLength(2);
  });
});

describe('an externalId in a batch', () => {
  it('that is taken refuses the batch, naming the item and the movement', async () => {
    const externalId = unique('Ext');
    const id = idOf((await move(api, receive({ externalId }))).headers.get('location'));
    const before = await rowCounts(api);
    const answer = await batch({ movements: [receive(), receive(), receive({ externalId })] });
    expectError(answer, 409, 'conflict', new RegExp(`movements\\[2\\].*\\b${id}\\b`));
    expect(await rowCounts(api)).toEqual(before);
  });

  it('that is there twice refuses the batch at the second', async () => {
    const externalId = unique('Ext');
    const before = await rowCounts(api);
    const other = await newPart(api);
    for (const second of [receive({ externalId }), receive({ externalId, sku: other.sku }), transfer({ externalId })]) {
      const answer = await batch({ movements: [receive({ externalId }), receive(), second] });
      expectError(answer, 409, 'conflict', /movements\[2\]/);
      expect(answer.body.error.message).not.toMatch(/null|undefined|NaN/);
    }
    expect((await rowCounts(api)).movements).toBe(before.movements);
  });

  it('that is taken is that item’s affair when the batch is not atomic', async () => {
    const [taken, fresh] = [unique('Ext'), unique('Ext')];
    const id = idOf((await move(api, receive({ externalId: taken }))).headers.get('location'));
    const movements = [receive({ externalId: taken }), receive({ externalId: fresh }), receive({ externalId: fresh })];
    const { status, body } = await batch({ movements, atomic: false });
    expect([status, body.data.map((item: { status: number }) => item.status)]).toEqual([201, [409, 201, 409]]);
    expect(body.data[0].error).toMatchObject({ code: 'conflict', message: expect.stringContaining(`${id}`) });
    expect(body.data[2].error.message).toContain(`${body.data[1].movementId}`);
  });

  /** A movement with `externalId` on a part of its own that is written and not committed until `commit`. */
  async function holdExternalId(externalId: string) {
    const other = await newPart(api);
    const client = await api.db.pool.connect();
    await client.query('begin');
    const item = { kind: 'receive', part_id: other.id, location_id: here?.id, quantity: '1', external_id: externalId };
    const { rows } = await client.query('select * from record_movements_once($1, null, $2, true, false, null, null)', [
      api.organizationId,
      JSON.stringify([item]),
    ]);
    expect(rows[0].outcomes[0].refusal).toBeNull();
    return {
      id: rows[0].outcomes[0].movement_id,
      async commit() {
        await eventually(
          async () => (await api.db.pool.query('select from pg_locks where not granted')).rowCount,
          'the other waits',
        );
        await client.query('commit');
        client.release();
      },
    };
  }

  it('that another request takes at that moment, on another part, refuses only its item when the batch is not atomic', async () => {
    const externalId = unique('Ext');
    const held = await holdExternalId(externalId);
    const movements = [receive(), receive({ externalId }), receive()];
    const answer = batch({ movements, atomic: false });
    await held.commit();
    const { status, body } = await answer;
    expect(status).toBe(201);
    expect(body.data.map((item: { status: number }) => item.status)).toEqual([201, 409, 201]);
    expect(body.data[1].error.message).toContain(`${held.id}`);
  });

  it('that another request takes at that moment, on another part, refuses an atomic batch naming the item', async () => {
    const externalId = unique('Ext');
    const held = await holdExternalId(externalId);
    const before = await rowCounts(api);
    const answer = batch({ movements: [receive(), receive({ externalId })] });
    await held.commit();
    expectError(await answer, 409, 'conflict', new RegExp(`movements\\[1\\].*\\b${held.id}\\b`));
    expect((await rowCounts(api)).movements).toBe(before.movements + 1);
  });

  it('is recorded once by 20 batches at once over the same ones in different orders: no deadlock', async () => {
    const ids = Array.from({ length: 12 }, () => unique('Ext'));
    const answers = await Promise.all(
      Array.from({ length: 20 }, async (_, n) => {
        const own = await newPart(api);
        const turned = [...ids.slice(n % 12), ...ids.slice(0, n % 12)];
        const ordered = n % 2 === 0 ? turned : turned.toReversed();
        return batch({ atomic: false, movements: ordered.map((externalId) => receive({ sku: own.sku, externalId })) });
      }),
    );
    expect(answers.map((answer) => answer.status)).toEqual(Array(20).fill(201));
    const items = answers.flatMap((answer) => answer.body.data as { status: number }[]);
    expect(items.filter((item) => item.status === 201)).toHaveLength(12);
    expect(items.filter((item) => item.status === 409)).toHaveLength(12 * 19);
    const { rows } = await api.db.pool.query('select from movement where external_id = any ($1)', [ids]);
    expect(rows).toHaveLength(12);
  });
});
