import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApi, type TestApi } from '../support/api.ts';
import { eventsOf, expectError, move, newLocation, newPart, rowCounts, unique } from './support.ts';

let api: TestApi;
let shelf: { id: number; name: string };
let van: { id: number; name: string };
beforeAll(async () => {
  api = await startTestApi();
  shelf = await newLocation(api, 'Shelf');
  van = await newLocation(api, 'Van');
});
afterAll(() => api?.close());

const patch = (id: number | string, body: unknown) => api.request('PATCH', `/parts/${id}`, { body });
const shown = async (id: number | string) => (await api.request('GET', `/parts/${id}`)).body.data;
const listed = async (query: string): Promise<number[]> => {
  const answer = await api.request('GET', `/parts?${query}`);
  expect(answer.status, answer.text).toBe(200);
  return answer.body.data.map((part: { id: number }) => part.id);
};

const texts = ['externalId', 'barcode', 'category', 'manufacturerPartNumber', 'supplier'];

describe('what maintenance people say of a part', () => {
  it('is kept, and shown alike by POST, GET, the list and the event', async () => {
    const said = {
      externalId: 'MAT-100-7',
      barcode: '4006381333931',
      category: 'Filters',
      manufacturerPartNumber: 'W 712/75',
      supplier: 'MANN+HUMMEL',
      leadTimeDays: 14,
    };
    const minimums = [
      { location: 'van', minimum: 1.5 },
      { locationId: shelf.id, minimum: 4 },
    ];
    const part = await newPart(api, { ...said, locationMinimums: minimums });
    expect(part).toMatchObject(said);
    expect(JSON.stringify(part.locationMinimums)).toBe(
      JSON.stringify([
        { locationId: shelf.id, location: 'Shelf', minimum: 4 },
        { locationId: van.id, location: 'Van', minimum: 1.5 },
      ]),
    );
    const text = JSON.stringify(part);
    expect((await api.request('GET', `/parts/${part.id}`)).text).toBe(`{"data":${text}}`);
    expect((await api.request('GET', '/parts?barcode=4006381333931')).text).toBe(`{"data":[${text}]}`);
    expect((await eventsOf(api, 'part.created', part.id)).map((event) => event.text)).toEqual([text]);
  });

  it.each(texts)('%s is trimmed and NFC, and null clears it', async (field) => {
    const part = await newPart(api, { [field]: `  a\u0301 ${unique()} ` });
    expect(part[field]).toMatch(/^\u00e1 X-\d+$/);
    expect((await patch(part.id, { [field]: part[field] })).body.data).toEqual(part);
    const cleared = await patch(part.id, { [field]: null });
    expect(cleared.body.data).toEqual({ ...part, [field]: null, updatedAt: expect.any(String) });
    expect(cleared.body.data.updatedAt > part.updatedAt).toBe(true);
  });

  it('clears leadTimeDays and takes its limits', async () => {
    const part = await newPart(api, { leadTimeDays: 3_650 });
    expect((await patch(part.id, { leadTimeDays: 0 })).body.data.leadTimeDays).toBe(0);
    expect((await patch(part.id, { leadTimeDays: null })).body.data.leadTimeDays).toBeNull();
  });

  it.each<[string, unknown]>([
    ...texts.flatMap((field): [string, unknown][] => [
      [field, ''],
      [field, ' '],
      [field, 5],
      [field, 'two\nlines'],
      [field, 'x'.repeat(256)],
    ]),
    ['leadTimeDays', -1],
    ['leadTimeDays', 1.5],
    ['leadTimeDays', 3_651],
    ['leadTimeDays', '5'],
    ['archived', 'true'],
    ['archived', 1],
    ['locationMinimums', {}],
    ['locationMinimums', 'Shelf'],
  ])('refuses %s %j with 422 that names the field, and changes nothing', async (field, value) => {
    const part = await newPart(api);
    const before = await rowCounts(api);
    const body = { sku: unique(), name: 'N', [field]: value };
    expectError(await api.request('POST', '/parts', { body }), 422, 'unprocessable', new RegExp(`\`${field}\``));
    expectError(await patch(part.id, { [field]: value }), 422, 'unprocessable', new RegExp(`\`${field}\``));
    expect(await rowCounts(api)).toEqual(before);
    expect(await shown(part.id)).toEqual(part);
  });

  it('cannot be cleared where it is yes or no', async () => {
    const part = await newPart(api);
    expectError(await patch(part.id, { archived: null }), 422, 'unprocessable', '`archived` cannot be null.');
  });

  it('refuses an externalId that another part has, archived or not, with 409 that names it', async () => {
    const externalId = unique('MAT');
    const one = await newPart(api, { externalId });
    const two = await newPart(api);
    await patch(one.id, { archived: true });
    const body = { sku: unique(), name: 'N', externalId };
    const message = `A part with the \`externalId\` "${externalId}" exists already.`;
    expectError(await api.request('POST', '/parts', { body }), 409, 'conflict', message);
    expectError(await patch(two.id, { externalId }), 409, 'conflict', message);
    expect((await patch(one.id, { externalId, name: 'Same' })).status).toBe(200);
    const stranger = await api.createKey('write', await api.createOrganization());
    expect((await api.request('POST', '/parts', { key: stranger, body })).status).toBe(201);
  });
});

describe('locationMinimums', () => {
  const minimum = (place: { id: number; name: string }, least: number) => ({
    locationId: place.id,
    location: place.name,
    minimum: least,
  });

  it('are replaced whole by a patch, and cleared by [] or null', async () => {
    const part = await newPart(api, { locationMinimums: [{ location: 'Shelf', minimum: 4 }] });
    const replaced = await patch(part.id, { locationMinimums: [{ location: van.id, minimum: 2 }] });
    expect(replaced.body.data).toEqual({
      ...part,
      locationMinimums: [minimum(van, 2)],
      updatedAt: expect.any(String),
    });
    expect(replaced.body.data.updatedAt > part.updatedAt).toBe(true);
    const events = await eventsOf(api, 'part.updated', part.id);
    expect(events.map((event) => event.text)).toEqual([JSON.stringify(replaced.body.data)]);
    expect(await shown(part.id)).toEqual(replaced.body.data);
    expect((await patch(part.id, { locationMinimums: [] })).body.data.locationMinimums).toEqual([]);
    await patch(part.id, { locationMinimums: [{ location: 'Van', minimum: 2 }] });
    expect((await patch(part.id, { locationMinimums: null })).body.data.locationMinimums).toEqual([]);
    const { rows } = await api.db.pool.query('select from stock_minimum where part_id = $1', [part.id]);
    expect(rows).toEqual([]);
  });

  it('that are the same change nothing, in any order', async () => {
    const part = await newPart(api, { locationMinimums: [minimum(shelf, 4), minimum(van, 0)] });
    for (const locationMinimums of [
      part.locationMinimums,
      [
        { locationId: van.id, location: null, minimum: 0 },
        { location: ' SHELF ', minimum: 4 },
      ],
    ]) {
      expect((await patch(part.id, { locationMinimums })).body.data).toEqual(part);
    }
    expect(
      (
        await patch(
          part.id,
          '{"locationMinimums":[{"location":"Shelf","minimum":4.000},{"location":"Van","minimum":0}]}',
        )
      ).body.data,
    ).toEqual(part);
    expect((await patch(part.id, { name: 'Another' })).body.data.locationMinimums).toEqual(part.locationMinimums);
    expect(await eventsOf(api, 'part.updated', part.id)).toHaveLength(1);
  });

  it('keep six decimals and nine digits exactly', async () => {
    const part = await newPart(api, { locationMinimums: [minimum(shelf, 999_999_999.999999), minimum(van, 0.000001)] });
    expect((await shown(part.id)).locationMinimums.map((each: { minimum: number }) => each.minimum)).toEqual([
      999_999_999.999999, 0.000001,
    ]);
  });

  it('follow the reference rules: all digits are a name first, then an id', async () => {
    const named = await newLocation(api, String(shelf.id));
    const locationMinimums = [
      { location: String(shelf.id), minimum: 1 },
      { location: String(van.id), minimum: 2 },
      { location: shelf.id, minimum: 3 },
    ];
    const part = await newPart(api, { locationMinimums });
    expect(part.locationMinimums).toEqual([minimum(shelf, 3), minimum(van, 2), minimum(named, 1)]);
  });

  it.each<[string, unknown, RegExp]>([
    ['no object', 5, /`locationMinimums\[1\]` must be an object/],
    ['null', null, /`locationMinimums\[1\]` must be an object/],
    ['no location', { minimum: 1 }, /`locationMinimums\[1\]\.location` is required/],
    ['no minimum', { location: 'Van' }, /`locationMinimums\[1\]\.minimum` is required/],
    ['less than 0', { location: 'Van', minimum: -1 }, /`locationMinimums\[1\]\.minimum` must not be less than 0/],
    ['a text as minimum', { location: 'Van', minimum: '1' }, /`locationMinimums\[1\]\.minimum` must be a number/],
    ['a mistyped field', { location: 'Van', minimum: 1, min: 1 }, /`locationMinimums\[1\]\.min` is not a field/],
    [
      'an unknown name',
      { location: 'No place', minimum: 1 },
      /`locationMinimums\[1\]`: `location` "No place" does not/,
    ],
    [
      'an unknown id',
      { locationId: 987654, minimum: 1 },
      /`locationMinimums\[1\]`: `locationId` 987654 does not exist/,
    ],
    [
      'two ids that disagree',
      { location: 1, locationId: 2, minimum: 1 },
      /`locationMinimums\[1\]\.location` and `locationId` name different things/,
    ],
    ['a name and an id that disagree', { location: 'Van', locationId: 1, minimum: 1 }, /name different things/],
    [
      'a location twice',
      { location: 'SHELF', minimum: 9 },
      /`locationMinimums\[1\]`: The location "Shelf" is named twice/,
    ],
  ])('refuse %s with 422, and change nothing', async (_, second, message) => {
    const part = await newPart(api, { locationMinimums: [minimum(shelf, 4)] });
    const locationMinimums = [{ location: 'Shelf', minimum: 1 }, second];
    expectError(await patch(part.id, { locationMinimums, name: 'Changed' }), 422, 'unprocessable', message);
    const before = await rowCounts(api);
    const body = { sku: unique(), name: 'N', locationMinimums };
    expectError(await api.request('POST', '/parts', { body }), 422, 'unprocessable', message);
    expect(await rowCounts(api)).toEqual(before);
    expect(await shown(part.id)).toEqual(part);
  });

  it('show a renamed location by its new name, under the same tag', async () => {
    const place = await newLocation(api);
    const part = await newPart(api, { locationMinimums: [minimum(place, 1)] });
    await api.request('PATCH', `/locations/${place.id}`, { body: { name: 'New name' } });
    expect(await shown(part.id)).toEqual({
      ...part,
      locationMinimums: [{ ...minimum(place, 1), location: 'New name' }],
    });
  });
});

describe('an archived part', () => {
  it('is hidden from the list unless `archived=true`, and shown by itself', async () => {
    const category = unique('Category');
    const barcode = unique('4006');
    const kept = await newPart(api, { category });
    const gone = await newPart(api, { category, barcode });
    const answer = await patch(gone.id, { archived: true });
    expect(answer.body.data).toEqual({ ...gone, archived: true, updatedAt: expect.any(String) });
    expect(answer.body.data.updatedAt > gone.updatedAt).toBe(true);
    expect((await eventsOf(api, 'part.updated', gone.id)).map((event) => event.data.archived)).toEqual([true]);
    expect((await patch(gone.id, { archived: true })).body).toEqual(answer.body);

    expect(await shown(gone.id)).toEqual(answer.body.data);
    expect(await shown(gone.sku)).toEqual(answer.body.data);
    expect(await listed('')).not.toContain(gone.id);
    expect(await listed(`category=${category}`)).toEqual([kept.id]);
    expect(await listed(`category=${category}&archived=false`)).toEqual([kept.id]);
    expect(await listed(`category=${category}&archived=true`)).toEqual([kept.id, gone.id]);
    expect(await listed(`barcode=${barcode}`)).toEqual([]);
    expect(await listed(`barcode=${barcode}&archived=true`)).toEqual([gone.id]);

    expect((await patch(gone.id, { archived: false })).body.data.archived).toBe(false);
    expect(await listed(`category=${category}`)).toEqual([kept.id, gone.id]);
  });

  it('keeps its sku, takes no movement, and is edited like any other', async () => {
    const part = await newPart(api, { archived: true });
    expect(part.archived).toBe(true);
    const body = { sku: part.sku.toLowerCase(), name: 'N' };
    expectError(await api.request('POST', '/parts', { body }), 409, 'conflict', /`sku`/);
    const receive = { kind: 'receive', sku: part.sku, location: 'Shelf', qty: 1 };
    const count = { kind: 'count', sku: part.sku, location: 'Shelf', target: 0 };
    for (const movement of [receive, count]) {
      expectError(await api.request('POST', '/movements', { body: movement }), 422, 'unprocessable', /archived/);
    }
    expect((await patch(part.id, { name: 'Renamed' })).body.data).toMatchObject({ name: 'Renamed', archived: true });
    await patch(part.id, { archived: false });
    expect((await api.request('POST', '/movements', { body: receive })).status).toBe(201);
  });

  it('must have no stock: 409 names what is there', async () => {
    const part = await newPart(api, { unit: 'L' });
    await move(api, { kind: 'receive', partId: part.id, location: 'Shelf', qty: 2.5 });
    const refused = await patch(part.id, { archived: true, name: 'Changed' });
    expectError(refused, 409, 'conflict', /`archived`.* 2\.5 L/);
    expect(await shown(part.id)).toMatchObject({ archived: false, name: part.name });
    await move(api, { kind: 'count', partId: part.id, location: 'Shelf', target: 0 });
    expect((await patch(part.id, { archived: true })).status).toBe(200);
  });

  it('never has stock, however archiving and receiving meet', async () => {
    let archivals = 0;
    for (let n = 0; n < 20; n++) {
      const part = await newPart(api);
      const body = { kind: 'receive', partId: part.id, location: 'Shelf', qty: 1 };
      const requests = [() => patch(part.id, { archived: true }), () => api.request('POST', '/movements', { body })];
      const [first, second] = n % 2 === 0 ? requests : requests.toReversed();
      const answers = await Promise.all([first?.(), second?.()]);
      const [archived, moved] = n % 2 === 0 ? answers : answers.toReversed();
      const isArchived = archived?.status === 200;
      archivals += isArchived ? 1 : 0;
      expect([archived?.status, moved?.status]).toEqual(isArchived ? [200, 422] : [409, 201]);
      expect(await shown(part.id)).toMatchObject({ archived: isArchived, onHand: isArchived ? 0 : 1 });
    }
    expect(archivals).toBeGreaterThan(0);
  });
});

describe('GET /parts', () => {
  it.each(['barcode', 'externalId', 'category'])('filters by %s, exactly', async (field) => {
    const value = unique('Löw & Co/7');
    const part = await newPart(api, { [field]: value });
    await newPart(api, { [field]: `${value}x` });
    const query = `${field}=${encodeURIComponent(value)}`;
    expect(await listed(query)).toEqual([part.id]);
    expect(await listed(`${field}=${encodeURIComponent(` ${value.normalize('NFD')} `)}`)).toEqual([part.id]);
    expect(await listed(`${query}&limit=5`)).toEqual([part.id]);
    expect(await listed(`${query.toLowerCase().replace(field.toLowerCase(), field)}`)).toEqual([]);
    for (const nothing of ['none', '', '%00']) expect(await listed(`${field}=${nothing}`)).toEqual([]);
    const stranger = await api.createKey('read', await api.createOrganization());
    expect((await api.request('GET', `/parts?${query}`, { key: stranger })).body.data).toEqual([]);
  });

  it('keeps its filter in the next page', async () => {
    const category = unique('Many');
    const ids = [];
    for (let n = 0; n < 5; n++) ids.push((await newPart(api, { category, archived: n === 2 })).id);
    const first = await api.request('GET', `/parts?category=${category}&archived=true&limit=3`);
    expect(first.body.data.map((part: { id: number }) => part.id)).toEqual(ids.slice(0, 3));
    const next = /<\/api\/v1(.*)>; rel="next"/.exec(first.headers.get('link') ?? '')?.[1] ?? '';
    expect((await api.request('GET', next)).body.data.map((part: { id: number }) => part.id)).toEqual(ids.slice(3));
  });

  it.each(['archived=yes', 'archived=', 'archived=1', 'barcode=1&barcode=2', 'suplier=x'])(
    'refuses ?%s',
    async (query) => {
      expectError(await api.request('GET', `/parts?${query}`), 400, 'bad_request');
    },
  );
});

describe('averageCost and value', () => {
  const receive = (partId: number, qty: number, unitCost: number) =>
    move(api, { kind: 'receive', partId, location: 'Shelf', qty, unitCost });

  it('follow the ledger, while unitCost stays as people entered it', async () => {
    const part = await newPart(api, { unitCost: 100 });
    await receive(part.id, 2, 150);
    await receive(part.id, 1, 100);
    expect(await shown(part.id)).toEqual({ ...part, onHand: 3, value: 400, averageCost: 133.333333 });
    await move(api, { kind: 'consume', partId: part.id, location: 'Shelf', qty: 1 });
    expect(await shown(part.id)).toMatchObject({ unitCost: 100, value: 267, averageCost: 133.5 });
    expect((await api.request('GET', `/parts?archived=true`)).body.data).toContainEqual(await shown(part.id));
    await move(api, { kind: 'count', partId: part.id, location: 'Shelf', target: 0 });
    expect(await shown(part.id)).toEqual(part);
  });

  it.each([
    [3, 2, 0.666667],
    [128, 1, 0.007812], // 0.0078125: halves go to the even one
    [128, 3, 0.023438], // 0.0234375
    [0.000001, 9_007_199_254_740_991, null],
  ])('of %d units for %d cents is %d', async (qty, cents, average) => {
    const part = await newPart(api);
    await receive(part.id, qty, 0);
    await api.db.pool.query('update part set value = $2 where id = $1', [part.id, cents]);
    const { averageCost, value } = await shown(part.id);
    expect(value).toBe(cents);
    expect(averageCost).toBe(average ?? Number('9007199254740991000000'));
  });
});
