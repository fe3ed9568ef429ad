import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApi, type TestApi } from '../support/api.ts';
import { eventsOf, expectError, move, newLocation, newPart, rowCounts, unique } from './support.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api?.close());

const partKeys = [
  ...['id', 'sku', 'name', 'description', 'unit', 'reorderPoint', 'unitCost', 'onHand', 'createdAt', 'updatedAt'],
  ...['externalId', 'barcode', 'category', 'manufacturerPartNumber', 'supplier', 'leadTimeDays'],
  ...['locationMinimums', 'archived', 'averageCost', 'value'],
];
const isoUtc = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

describe('POST /parts', () => {
  it.each([
    [{}, '`sku` and `name` are required.'],
    [{ sku: null, name: null }, '`sku` and `name` are required.'],
    [{ sku: 'A' }, '`name` is required.'],
    [{ name: 'A' }, '`sku` is required.'],
    [{ sku: 'A', name: null }, '`name` is required.'],
  ])('refuses %j with the published message', async (body, message) => {
    expectError(await api.request('POST', '/parts', { body }), 422, 'unprocessable', message);
  });

  it('answers the published error byte for byte', async () => {
    const answer = await api.request('POST', '/parts', { body: {} });
    expect(answer.text).toBe('{"error":{"code":"unprocessable","message":"`sku` and `name` are required."}}');
  });

  it('answers 201 with the part, its defaults and its keys in order', async () => {
    const answer = await api.request('POST', '/parts', { body: { sku: 'OIL-15W40', name: 'Engine oil' } });
    expect(answer.status).toBe(201);
    expect(Object.keys(answer.body)).toEqual(['data']);
    expect(Object.keys(answer.body.data)).toEqual(partKeys);
    expect(answer.body.data).toEqual({
      id: expect.any(Number),
      sku: 'OIL-15W40',
      name: 'Engine oil',
      description: null,
      unit: 'ea',
      reorderPoint: null,
      unitCost: null,
      onHand: 0,
      createdAt: expect.stringMatching(isoUtc),
      updatedAt: expect.stringMatching(isoUtc),
      externalId: null,
      barcode: null,
      category: null,
      manufacturerPartNumber: null,
      supplier: null,
      leadTimeDays: null,
      locationMinimums: [],
      archived: false,
      averageCost: null,
      value: 0,
    });
  });

  it('keeps every field, and shows the same part by id, by sku, in the list and in its event', async () => {
    const body = {
      sku: 'FULL-1',
      name: 'Full',
      description: 'Line one\nLine two\t“quoted” 😀',
      unit: 'L',
      reorderPoint: 2.5,
      unitCost: 18500,
    };
    const part = await newPart(api, body);
    expect(part).toMatchObject({ ...body, onHand: 0 });
    expect((await api.request('GET', `/parts/${part.id}`)).body).toEqual({ data: part });
    expect((await api.request('GET', '/parts/FULL-1')).text).toBe(JSON.stringify({ data: part }));
    expect((await api.request('GET', '/parts')).body.data).toContainEqual(part);
    const [created, ...others] = await eventsOf(api, 'part.created', part.id);
    expect(others).toEqual([]);
    expect(created?.text).toBe(JSON.stringify(part));
  });

  it('refuses a taken sku with 409, also under nine attempts at once', async () => {
    const sku = unique('TAKEN');
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => api.request('POST', '/parts', { body: { sku, name: 'T' } })),
    );
    expect(answers.map((answer) => answer.status).sort()).toEqual([201, ...Array(9).fill(409)]);
    expectError(await api.request('POST', '/parts', { body: { sku, name: 'T' } }), 409, 'conflict');
  });

  it.each([
    ['sku', ''],
    ['sku', '   '],
    ['sku', 5],
    ['sku', true],
    ['sku', ['A']],
    ['sku', { a: 1 }],
    ['name', ''],
    ['name', 7],
    ['description', 7],
    ['description', {}],
    ['unit', ''],
    ['unit', 3],
    ['reorderPoint', -1],
    ['reorderPoint', '5'],
    ['reorderPoint', 0.1234567],
    ['reorderPoint', 1_000_000_000],
    ['unitCost', -1],
    ['unitCost', 1.5],
    ['unitCost', '100'],
    ['unitCost', true],
  ])('refuses %s %j with 422 that names the field, and writes nothing', async (field, value) => {
    const before = await rowCounts(api);
    const body = { sku: unique(), name: 'N', [field]: value };
    expectError(await api.request('POST', '/parts', { body }), 422, 'unprocessable', new RegExp(`\`${field}\``));
    expect(await rowCounts(api)).toEqual(before);
  });

  it('names every field at fault in one answer', async () => {
    const body = { name: 'N', unitCost: -1, reorderPoint: 'x', colour: 'red' };
    const answer = await api.request('POST', '/parts', { body });
    expectError(answer, 422, 'unprocessable');
    for (const field of ['sku', 'unitCost', 'reorderPoint', 'colour']) {
      expect(answer.body.error.message).toContain(`\`${field}\``);
    }
  });

  it.each(['id', 'onHand', 'createdAt', 'updatedAt', 'averageCost', 'value'])(
    'refuses a value for the unknown field %s',
    async (field) => {
      const body = { sku: unique(), name: 'N', [field]: 1 };
      expectError(await api.request('POST', '/parts', { body }), 422, 'unprocessable', new RegExp(`\`${field}\``));
    },
  );
});

describe('PATCH /parts/:id', () => {
  it('changes what it names, answers the part whole and sends part.updated as GET shows it', async () => {
    const part = await newPart(api, { description: 'D', reorderPoint: 3, unitCost: 5 });
    const answer = await api.request('PATCH', `/parts/${part.sku}`, { body: { name: 'Renamed', unitCost: 6 } });
    expect(answer.status).toBe(200);
    expect(Object.keys(answer.body.data)).toEqual(partKeys);
    expect(answer.body.data).toEqual({ ...part, name: 'Renamed', unitCost: 6, updatedAt: expect.any(String) });
    expect(answer.body.data.updatedAt > part.updatedAt).toBe(true);
    const shown = await api.request('GET', `/parts/${part.id}`);
    expect(shown.body).toEqual(answer.body);
    const events = await eventsOf(api, 'part.updated', part.id);
    expect(events.map((event) => event.text)).toEqual([JSON.stringify(shown.body.data)]);
  });

  it('keeps updatedAt and sends nothing for a body that changes nothing: get, edit, patch', async () => {
    const part = await newPart(api, { description: 'D', reorderPoint: 2.5, unitCost: 5 });
    const location = await newLocation(api);
    await move(api, { kind: 'receive', partId: part.id, locationId: location.id, qty: 4 });
    const { data } = (await api.request('GET', `/parts/${part.id}`)).body;
    for (const body of [
      data,
      {},
      { name: part.name },
      { reorderPoint: 2.5 },
      '{"reorderPoint":2.500}',
      { sku: ` ${part.sku} ` },
    ]) {
      const answer = await api.request('PATCH', `/parts/${part.id}`, { body });
      expect([answer.status, answer.body]).toEqual([200, { data }]);
    }
    expect(await eventsOf(api, 'part.updated', part.id)).toEqual([]);
  });

  it('ignores read-only fields, whatever their value', async () => {
    const part = await newPart(api);
    const body = { id: 999, onHand: -5, createdAt: 'x', updatedAt: null, averageCost: 1, value: 'x', name: 'New' };
    const answer = await api.request('PATCH', `/parts/${part.id}`, { body });
    expect(answer.status).toBe(200);
    expect(answer.body.data).toMatchObject({ id: part.id, onHand: 0, createdAt: part.createdAt, name: 'New' });
  });

  it.each(['description', 'reorderPoint', 'unitCost'])('clears %s with null', async (field) => {
    const part = await newPart(api, { description: 'D', reorderPoint: 2, unitCost: 5 });
    const answer = await api.request('PATCH', `/parts/${part.id}`, { body: { [field]: null } });
    expect(answer.status).toBe(200);
    expect(answer.body.data).toEqual({ ...part, [field]: null, updatedAt: expect.any(String) });
    const again = await api.request('PATCH', `/parts/${part.id}`, { body: { [field]: null } });
    expect(again.body).toEqual(answer.body);
  });

  it.each<[string, unknown]>([
    ['sku', null],
    ['name', null],
    ['unit', null],
    ['colour', null],
    ['colour', 'red'],
    ['sku', ''],
    ['name', '  '],
    ['unit', 4],
    ['reorderPoint', '3'],
    ['reorderPoint', -1],
    ['unitCost', 0.5],
  ])('refuses %s %j with 422 that names the field, and changes nothing', async (field, value) => {
    const part = await newPart(api);
    const answer = await api.request('PATCH', `/parts/${part.id}`, { body: { name: 'Changed', [field]: value } });
    expectError(answer, 422, 'unprocessable', new RegExp(`\`${field}\``));
    expect((await api.request('GET', `/parts/${part.id}`)).body.data).toEqual(part);
  });

  it('changes the unit until the part has a movement, then refuses with 422', async () => {
    const part = await newPart(api);
    const location = await newLocation(api);
    const patch = (unit: string) => api.request('PATCH', `/parts/${part.id}`, { body: { unit } });
    expect((await patch('L')).body.data.unit).toBe('L');
    await move(api, { kind: 'count', partId: part.id, locationId: location.id, target: 0 });
    expectError(await patch('kg'), 422, 'unprocessable', /`unit`/);
    expect((await patch('L')).status).toBe(200);
  });

  it("refuses another part's sku with 409, and takes its own in another case", async () => {
    const [one, two] = [await newPart(api, { sku: 'own-1' }), await newPart(api)];
    expectError(await api.request('PATCH', `/parts/${two.id}`, { body: { sku: 'OWN-1' } }), 409, 'conflict');
    const answer = await api.request('PATCH', `/parts/${one.id}`, { body: { sku: 'OWN-1' } });
    expect(answer.body.data.sku).toBe('OWN-1');
    expect((await api.request('GET', '/parts/own-1')).body.data.sku).toBe('OWN-1');
  });

  it('answers 404 for a part that does not exist', async () => {
    expectError(await api.request('PATCH', '/parts/999999', { body: { name: 'N' } }), 404, 'not_found');
  });

  it('loses no change when many patch at once', async () => {
    const part = await newPart(api);
    const fields = [{ name: 'N' }, { description: 'D' }, { unit: 'L' }, { reorderPoint: 1 }, { unitCost: 2 }];
    const answers = await Promise.all(fields.map((body) => api.request('PATCH', `/parts/${part.id}`, { body })));
    expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200, 200, 200]);
    const { data } = (await api.request('GET', `/parts/${part.id}`)).body;
    expect(data).toMatchObject(Object.assign({}, ...fields));
    expect(await eventsOf(api, 'part.updated', part.id)).toHaveLength(5);
  });
});
