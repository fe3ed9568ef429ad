import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApi, type TestApi } from '../support/api.ts';
import { expectError, move, newLocation, newPart, rowCounts } from './support.ts';

interface Row {
  id: number;
  sku: string;
  name: string;
}
let api: TestApi;
/** `clash` has the id of `part` as its sku; likewise the locations. `seven` is "007". */
let part: Row;
let clash: Row;
let seven: Row;
let place: Row;
let clashPlace: Row;
beforeAll(async () => {
  api = await startTestApi();
  await newPart(api);
  part = await newPart(api, { sku: 'Plain' });
  clash = await newPart(api, { sku: String(part.id) });
  seven = await newPart(api, { sku: '007' });
  await newLocation(api);
  place = await newLocation(api, 'Place');
  clashPlace = await newLocation(api, String(place.id));
});
afterAll(() => api?.close());

describe('in a body', () => {
  const partOf = async (fields: object) =>
    (await move(api, { kind: 'receive', qty: 1, location: 'Place', ...fields })).body.data.partId;
  const locationOf = async (fields: object) => {
    const body = { kind: 'receive', qty: 1, sku: 'Plain', ...fields };
    const answer = await api.request('POST', '/movements', { body, headers: { Prefer: 'return=representation' } });
    expect(answer.status, answer.text).toBe(201);
    return answer.body.data.locationId;
  };

  it('a number is an id', async () => {
    expect(await partOf({ sku: part.id })).toBe(part.id);
    expect(await partOf({ partId: part.id })).toBe(part.id);
    expect(await locationOf({ location: place.id })).toBe(place.id);
    expect(await locationOf({ locationId: place.id })).toBe(place.id);
  });

  it('a string is a sku or name first, an id only when nothing has it and it is all digits', async () => {
    expect(await partOf({ sku: String(part.id) })).toBe(clash.id);
    expect(await partOf({ sku: String(clash.id) })).toBe(clash.id);
    expect(await partOf({ sku: '007' })).toBe(seven.id);
    expect(await locationOf({ location: String(place.id) })).toBe(clashPlace.id);
    expect(await locationOf({ location: String(clashPlace.id) })).toBe(clashPlace.id);
  });

  it('a string matches trimmed and ignoring case', async () => {
    expect(await partOf({ sku: '  pLAIN\u00a0' })).toBe(part.id);
    expect(await locationOf({ location: ' PLACE ' })).toBe(place.id);
  });

  it('two references that agree are one', async () => {
    expect(await partOf({ sku: 'plain', partId: part.id })).toBe(part.id);
    expect(await partOf({ sku: part.id, partId: part.id })).toBe(part.id);
    expect(await partOf({ sku: String(seven.id), partId: seven.id })).toBe(seven.id);
    const body = {
      kind: 'transfer',
      sku: 'Plain',
      from: 'Place',
      fromId: place.id,
      to: clashPlace.name,
      toId: clashPlace.id,
      qty: 1,
    };
    await move(api, body);
  });

  it.each<[string, () => object]>([
    ['sku and partId', () => ({ sku: 'Plain', partId: clash.id })],
    ['a numeric sku and partId', () => ({ sku: part.id, partId: clash.id })],
    ['a sku and the id that it looks like', () => ({ sku: String(part.id), partId: part.id })],
    ['location and locationId', () => ({ location: 'Place', locationId: clashPlace.id })],
    ['a sku and an id of nothing', () => ({ sku: 'Plain', partId: 987654 })],
    ['an unknown sku and an id', () => ({ sku: 'no-such', partId: part.id })],
  ])('refuses %s that disagree with 422', async (_, fields) => {
    const before = await rowCounts(api);
    const body = { kind: 'receive', sku: 'Plain', location: 'Place', qty: 1, ...fields() };
    expectError(await api.request('POST', '/movements', { body }), 422, 'unprocessable', /`(sku|partId|location)`/);
    expect(await rowCounts(api)).toEqual(before);
  });

  it('refuses fromId and toId of one place, and from and fromId that disagree', async () => {
    const post = (fields: object) =>
      api.request('POST', '/movements', { body: { kind: 'transfer', sku: 'Plain', qty: 1, ...fields } });
    expectError(await post({ fromId: place.id, toId: place.id }), 422, 'unprocessable');
    expectError(await post({ from: 'Place', to: place.id }), 422, 'unprocessable');
    expectError(
      await post({ from: 'Place', fromId: clashPlace.id, toId: clashPlace.id }),
      422,
      'unprocessable',
      /`from/,
    );
  });

  it.each([
    '0',
    '-1',
    '1.5',
    '1e400',
    '2147483648',
    '9007199254740993',
    '9223372036854775808',
    '1e-400',
    '18446744073709551616',
  ])('refuses the id %s with 422 in every field', async (literal) => {
    for (const field of ['sku', 'partId', 'location', 'locationId']) {
      const fields = { kind: '"receive"', qty: '1', sku: '"Plain"', location: '"Place"', [field]: literal };
      if (field.startsWith('part')) delete (fields as { sku?: string }).sku;
      if (field === 'locationId') delete (fields as { location?: string }).location;
      const body = `{${Object.entries(fields).map(([name, value]) => `"${name}":${value}`)}}`;
      expectError(await api.request('POST', '/movements', { body }), 422, 'unprocessable', new RegExp(`\`${field}\``));
    }
  });

  it.each(['9223372036854775808', '9'.repeat(200), '2147483648', '0'])(
    'refuses the string "%s" with 422',
    async (text) => {
      const body = { kind: 'receive', qty: 1, sku: text, location: 'Place' };
      expectError(await api.request('POST', '/movements', { body }), 422, 'unprocessable', /`sku`/);
      expectError(
        await api.request('POST', '/movements', { body: { ...body, sku: 'Plain', location: text } }),
        422,
        'unprocessable',
        /`location`/,
      );
    },
  );
});

describe('in a path', () => {
  it('digits are an id, and a sku that looks like no id is a sku', async () => {
    expect((await api.request('GET', `/parts/${clash.id}`)).body.data.id).toBe(clash.id);
    expect((await api.request('GET', '/parts/007')).body.data.id).toBe(seven.id);
    expect((await api.request('GET', '/parts/PLAIN')).body.data.id).toBe(part.id);
    expectError(await api.request('GET', `/parts/0${part.id}`), 404, 'not_found');
    expectError(await api.request('GET', '/parts/007?by=id'), 404, 'not_found');
  });

  it('answers 409 that names both where an id and another sku match, and ?by= decides', async () => {
    const ambiguous = await api.request('GET', `/parts/${part.id}`);
    expectError(ambiguous, 409, 'conflict', /Plain/);
    expect(ambiguous.body.error.message).toContain(String(clash.id));
    expect((await api.request('GET', `/parts/${part.id}?by=id`)).body.data.id).toBe(part.id);
    expect((await api.request('GET', `/parts/${part.id}?by=sku`)).body.data.id).toBe(clash.id);
    expectError(await api.request('PATCH', `/parts/${part.id}`, { body: { name: 'N' } }), 409, 'conflict');
    const patched = await api.request('PATCH', `/parts/${part.id}?by=sku`, { body: { name: 'By sku' } });
    expect(patched.body.data).toMatchObject({ id: clash.id, name: 'By sku' });
    expectError(await api.request('GET', '/parts/Plain?by=id'), 404, 'not_found');
    expectError(await api.request('GET', `/parts/${clash.id}?by=sku`), 404, 'not_found');
  });

  it('is no conflict when one part has the number both as its id and its sku', async () => {
    const next = (await newPart(api)).id + 1;
    const own = await newPart(api, { sku: String(next) });
    expect(own.id).toBe(next);
    expect((await api.request('GET', `/parts/${next}`)).body.data).toEqual(own);
  });

  it("leads from the Location of a new part back to it, even when its id is another part's sku", async () => {
    const next = (await newPart(api)).id + 2;
    await newPart(api, { sku: String(next) });
    const answer = await api.request('POST', '/parts', { body: { sku: 'Located', name: 'L' } });
    expect(answer.body.data.id).toBe(next);
    const location = answer.headers.get('location');
    if (location === null) return;
    expect((await api.request('GET', location.replace('/api/v1', ''))).body).toEqual(answer.body);
  });
});

describe('in a query', () => {
  it('answers 409 where an id and another name match, and ?by= decides', async () => {
    await move(api, { kind: 'receive', partId: part.id, locationId: place.id, qty: 1 });
    await move(api, { kind: 'receive', partId: clash.id, locationId: clashPlace.id, qty: 1 });
    for (const path of ['/stock', '/movements']) {
      expectError(await api.request('GET', `${path}?sku=${part.id}`), 409, 'conflict', /Plain/);
      expectError(await api.request('GET', `${path}?location=${place.id}`), 409, 'conflict', /Place/);
      const parts = async (query: string) =>
        new Set((await api.request('GET', `${path}?${query}`)).body.data.map((row: { partId: number }) => row.partId));
      expect(await parts(`sku=${part.id}&by=id`)).toEqual(new Set([part.id]));
      expect(await parts(`sku=${part.id}&by=sku`)).toEqual(new Set([clash.id]));
      expect(await parts(`partId=${part.id}`)).toEqual(new Set([part.id]));
      const places = async (query: string) =>
        new Set(
          (await api.request('GET', `${path}?${query}`)).body.data.map((row: { locationId: number }) => row.locationId),
        );
      expect(await places(`location=${place.id}&by=id`)).toEqual(new Set([place.id]));
      expect(await places(`location=${place.id}&by=name`)).toEqual(new Set([clashPlace.id]));
      expect(await places(`locationId=${place.id}`)).toEqual(new Set([place.id]));
    }
  });
});
