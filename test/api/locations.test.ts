import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApi, type TestApi } from '../support/api.ts';
import { expectError, newLocation, rowCounts, unique } from './support.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api?.close());

it('answers 201 with the location, its keys in order, and lists it', async () => {
  const answer = await api.request('POST', '/locations', { body: { name: '  Almacén Central ' } });
  expect(answer.status).toBe(201);
  expect(Object.keys(answer.body.data)).toEqual(['id', 'name', 'createdAt', 'updatedAt', 'externalId']);
  expect(answer.body.data).toEqual({
    id: expect.any(Number),
    name: 'Almacén Central',
    createdAt: expect.stringMatching(/^\d{4}-.*Z$/),
    updatedAt: expect.stringMatching(/^\d{4}-.*Z$/),
    externalId: null,
  });
  const list = await api.request('GET', '/locations');
  expect(list.text).toBe(JSON.stringify({ data: [answer.body.data] }));
});

it.each([{}, { name: null }, { name: '' }, { name: ' \u00a0 ' }])('refuses %j: `name` is required', async (body) => {
  expectError(await api.request('POST', '/locations', { body }), 422, 'unprocessable', '`name` is required.');
});

it.each([
  ['name', 5],
  ['name', ['A']],
  ['name', false],
  ['description', 'x'],
  ['id', 4],
  ['externalId', 4],
  ['externalId', '  '],
  ['externalId', 'x'.repeat(256)],
  ['externalId', 'a\nb'],
])('refuses %s %j with 422 that names the field', async (field, value) => {
  const before = await rowCounts(api);
  const body = { name: 'Shelf', [field]: value };
  expectError(await api.request('POST', '/locations', { body }), 422, 'unprocessable', new RegExp(`\`${field}\``));
  expect(await rowCounts(api)).toEqual(before);
});

it('refuses a taken name with 409, in any case and composition', async () => {
  await newLocation(api, 'Camioneta de Álice');
  for (const name of ['Camioneta de Álice', 'CAMIONETA DE ÁLICE', ' camioneta de a\u0301lice ']) {
    expectError(await api.request('POST', '/locations', { body: { name } }), 409, 'conflict');
  }
});

/** The events of a location as they were written, oldest first. */
async function eventsOf(type: string, id: number): Promise<string[]> {
  const { rows } = await api.db.pool.query(
    `select data::text as text from event where type = $1 and (data ->> 'id')::bigint = $2 order by position`,
    [type, id],
  );
  return rows.map((row) => row.text);
}

const patch = (id: number | string, body: unknown, headers = {}) =>
  api.request('PATCH', `/locations/${id}`, { body, headers });

describe('GET /locations/:id', () => {
  it('shows the location by id and by name, as POST, the list and its event do', async () => {
    const answer = await api.request('POST', '/locations', { body: { name: 'Rack 7/B', externalId: ' WH-7 ' } });
    const { data } = answer.body;
    expect([answer.status, data.externalId]).toEqual([201, 'WH-7']);
    expect(answer.headers.get('location')).toBe(`/api/v1/locations/${data.id}?by=id`);
    const etag = answer.headers.get('etag');
    expect(etag).toMatch(/^"[^"]+"$/);
    for (const path of [`${data.id}`, `${data.id}?by=id`, 'rack%207%2Fb', 'Rack%207%2FB?by=name']) {
      const shown = await api.request('GET', `/locations/${path}`);
      expect([shown.status, shown.text]).toEqual([200, answer.text]);
      expect(shown.headers.get('etag')).toBe(etag);
    }
    expect((await api.request('GET', '/locations')).body.data).toContainEqual(data);
    expect((await api.request('GET', '/locations?externalId=WH-7')).body.data).toEqual([data]);
    expect(await eventsOf('location.created', data.id)).toEqual([JSON.stringify(data)]);
  });

  it('answers 404 for none, 409 where an id is the name of another, and `by` decides', async () => {
    const one = await newLocation(api);
    const two = await newLocation(api, String(one.id));
    for (const path of ['none', '999999', `${two.id}?by=name`, '%00', '007']) {
      expectError(await api.request('GET', `/locations/${path}`), 404, 'not_found');
    }
    expectError(await api.request('GET', `/locations/${one.id}`), 409, 'conflict', /by=name/);
    expectError(await patch(one.id, { name: 'X' }), 409, 'conflict');
    expect((await api.request('GET', `/locations/${one.id}?by=id`)).body.data).toEqual(one);
    expect((await api.request('GET', `/locations/${one.id}?by=name`)).body.data).toEqual(two);
    expectError(await api.request('GET', `/locations/${one.id}?by=sku`), 400, 'bad_request', /`by`/);
    expectError(await api.request('GET', `/locations/${one.id}?x=1`), 400, 'bad_request', /`x`/);
  });
});

describe('PATCH /locations/:id', () => {
  it('changes what it names and sends location.updated as GET shows it', async () => {
    const place = await newLocation(api);
    const answer = await patch(place.name, { name: 'Renamed', externalId: 'R-1' });
    expect(answer.status).toBe(200);
    const { data } = answer.body;
    expect(data).toEqual({ ...place, name: 'Renamed', externalId: 'R-1', updatedAt: expect.any(String) });
    expect(data.updatedAt > place.updatedAt).toBe(true);
    const shown = await api.request('GET', `/locations/${place.id}`);
    expect([shown.text, shown.headers.get('etag')]).toEqual([answer.text, answer.headers.get('etag')]);
    expect(await eventsOf('location.updated', place.id)).toEqual([JSON.stringify(data)]);
    expect((await patch(place.id, { externalId: null })).body.data.externalId).toBeNull();
  });

  it('keeps updatedAt and sends nothing for a body that changes nothing: get, edit, patch', async () => {
    const place = await newLocation(api);
    for (const body of [place, {}, { name: ` ${place.name} ` }, { externalId: null }, { id: 9, createdAt: 'x' }]) {
      const answer = await patch(place.id, body);
      expect([answer.status, answer.body]).toEqual([200, { data: place }]);
    }
    expect(await eventsOf('location.updated', place.id)).toEqual([]);
  });

  it('changes only what has not changed meanwhile, when asked so', async () => {
    const created = await api.request('POST', '/locations', { body: { name: unique('Tagged') } });
    const { id } = created.body.data;
    const first = created.headers.get('etag') ?? '';
    const second = await patch(id, { name: unique('Second') }, { 'If-Match': first });
    expect([second.status, second.headers.get('etag') === first]).toEqual([200, false]);
    expectError(await patch(id, { name: 'Third' }, { 'If-Match': first }), 412, 'precondition_failed');
    expect(
      (await patch(id, { name: unique('Fourth') }, { 'If-Match': `"x", ${second.headers.get('etag')}` })).status,
    ).toBe(200);
    expect((await patch(id, { name: unique('Fifth') }, { 'If-Match': '*' })).status).toBe(200);
  });

  it('keeps its tag while stock moves there', async () => {
    const place = await newLocation(api);
    const tag = async () => (await api.request('GET', `/locations/${place.id}`)).headers.get('etag');
    const before = await tag();
    await api.request('POST', '/parts', { body: { sku: 'MOVED', name: 'M' } });
    const body = { kind: 'receive', sku: 'MOVED', locationId: place.id, qty: 1 };
    expect((await api.request('POST', '/movements', { body })).status).toBe(201);
    expect(await tag()).toBe(before);
  });

  it.each<[string, unknown]>([
    ['name', null],
    ['name', ' '],
    ['name', 5],
    ['externalId', ''],
    ['externalId', 5],
    ['colour', 'red'],
  ])('refuses %s %j with 422 that names the field, and changes nothing', async (field, value) => {
    const place = await newLocation(api);
    expectError(await patch(place.id, { [field]: value }), 422, 'unprocessable', new RegExp(`\`${field}\``));
    expect((await api.request('GET', `/locations/${place.id}`)).body.data).toEqual(place);
  });

  it("refuses another location's name or externalId with 409, and takes its own name in another case", async () => {
    const one = await newLocation(api, 'dock');
    const two = await newLocation(api);
    await patch(one.id, { externalId: 'D' });
    expectError(await patch(two.id, { name: 'DOCK' }), 409, 'conflict', /`name`/);
    expectError(await patch(two.id, { externalId: 'D' }), 409, 'conflict', /`externalId` "D"/);
    const body = { name: unique('New'), externalId: 'D' };
    expectError(await api.request('POST', '/locations', { body }), 409, 'conflict', /`externalId` "D"/);
    expect((await patch(one.id, { name: 'Dock' })).body.data.name).toBe('Dock');
    expect((await patch(two.id, { externalId: 'd' })).status).toBe(200);
  });

  it('needs a read & write key, and sees only its own organization', async () => {
    const place = await newLocation(api);
    const reader = await api.createKey('read');
    expectError(await api.request('PATCH', `/locations/${place.id}`, { key: reader, body: {} }), 403, 'forbidden');
    expect((await api.request('GET', `/locations/${place.id}`, { key: reader })).status).toBe(200);
    const stranger = await api.createKey('write', await api.createOrganization());
    for (const path of [`/locations/${place.id}`, `/locations/${place.name}`]) {
      expectError(await api.request('GET', path, { key: stranger }), 404, 'not_found');
      expectError(await api.request('PATCH', path, { key: stranger, body: { name: 'Mine' } }), 404, 'not_found');
    }
    const body = { name: place.name, externalId: 'D' };
    expect((await api.request('POST', '/locations', { key: stranger, body })).status).toBe(201);
  });

  it('loses no change when many patch at once', async () => {
    const place = await newLocation(api);
    const names = Array.from({ length: 8 }, () => unique('Many'));
    const answers = await Promise.all(names.map((name) => patch(place.id, { name })));
    expect(answers.map((answer) => answer.status)).toEqual(names.map(() => 200));
    expect(new Set(answers.map((answer) => answer.headers.get('etag'))).size).toBe(8);
    expect(await eventsOf('location.updated', place.id)).toHaveLength(8);
  });
});
