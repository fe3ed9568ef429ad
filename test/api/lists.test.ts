import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApi, type TestApi } from '../support/api.ts';
import { expectError, move, newLocation, newPart } from './support.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api?.close());

/** A list's rows as a client without types reads them. */
// biome-ignore lint/suspicious/noExplicitAny: as above
type Row = any;

const get = (path: string, key = api.key) => api.request('GET', path, { key });

async function rowsOf(path: string): Promise<Row[]> {
  const answer = await get(path);
  expect(answer.status, answer.text).toBe(200);
  return answer.body.data;
}

const queryOf = (parameters: Record<string, string>) => `?${new URLSearchParams(parameters)}`;

/** Follows `nextCursor`, and checks that `Link` says the same. */
async function walk(path: string, parameters: Record<string, string>): Promise<Row[]> {
  const rows: Row[] = [];
  for (let next: string | undefined = `${path}${queryOf(parameters)}`; next; ) {
    const answer = await get(next);
    expect(answer.status, answer.text).toBe(200);
    rows.push(...answer.body.data);
    const link = /^<\/api\/v1(.*)>; rel="next"$/.exec(answer.headers.get('link') ?? '')?.[1];
    expect(link && new URL(link, 'http://x').searchParams.get('cursor')).toBe(answer.body.nextCursor);
    next = link;
  }
  return rows;
}

describe('sort', () => {
  const names = ['Filter', 'filter', 'Ölfilter', 'FILTER', 'Belt', 'belt', 'Belt', 'Zinc', 'a', 'Filter'];
  beforeAll(async () => {
    for (const [n, name] of names.entries()) {
      const part = await newPart(api, { sku: `sort-${(n * 7) % 10}-${name}`, name });
      const location = await newLocation(api, `Place ${(n * 3) % 10} ${name}`);
      for (let i = 0; i < 3; i++) {
        const occurredAt = new Date(Date.UTC(2026, 0, 1 + ((n * 3 + i * 5) % 4))).toISOString();
        await move(api, { kind: 'receive', partId: part.id, locationId: location.id, qty: 1, occurredAt });
      }
    }
    // Rows that share an instant: only the id tells them apart.
    for (const table of ['part', 'location']) {
      await api.db.pool.query(`update ${table} set updated_at = date_trunc('minute', updated_at)`);
    }
  });

  it.each([
    ['/parts', 'id', (row: Row) => [row.id]],
    ['/parts', 'sku', (row: Row) => [row.sku.toLowerCase()]],
    ['/parts', 'name', (row: Row) => [row.name.toLowerCase(), row.id]],
    ['/parts', 'updatedAt', (row: Row) => [row.updatedAt, row.id]],
    ['/locations', 'id', (row: Row) => [row.id]],
    ['/locations', 'name', (row: Row) => [row.name.toLowerCase()]],
    ['/locations', 'updatedAt', (row: Row) => [row.updatedAt, row.id]],
    ['/stock', 'partId', (row: Row) => [row.partId, row.locationId]],
    ['/stock', 'sku', (row: Row) => [row.sku.toLowerCase(), row.locationId]],
    ['/movements', 'id', (row: Row) => [row.id]],
    ['/movements', 'createdAt', (row: Row) => [row.createdAt, row.id]],
    ['/movements', 'occurredAt', (row: Row) => [row.occurredAt, row.id]],
  ])('%s by %s, up and down, whole and in pages of any size', async (path, sort, keyOf) => {
    const up = await rowsOf(`${path}?sort=${sort}`);
    const byKey = (a: Row, b: Row) => {
      const n = keyOf(a).findIndex((value: unknown, i: number) => value !== keyOf(b)[i]);
      return n < 0 ? 0 : keyOf(a)[n] < keyOf(b)[n] ? -1 : 1;
    };
    expect(up.length).toBeGreaterThanOrEqual(names.length);
    expect(up).toEqual(up.toSorted(byKey));
    expect(await rowsOf(`${path}?sort=-${sort}`)).toEqual(up.toReversed());
    for (const limit of ['1', '2', '3', '7', '500']) {
      expect(await walk(path, { sort, limit })).toEqual(up);
      expect(await walk(path, { sort: `-${sort}`, limit })).toEqual(up.toReversed());
    }
  });

  it.each(['/parts', '/locations', '/stock', '/movements', '/deliveries', '/webhook-endpoints'])(
    '%s refuses an order it does not have, naming those it has',
    async (path) => {
      for (const sort of ['nonsense', '', '-', '--id', 'constructor', 'ID', 'id,name'])
        expectError(await get(`${path}?sort=${sort}`), 400, 'bad_request', /^`sort` must be one of /);
    },
  );
});

describe('cursor', () => {
  it('of another list or another order is 400', async () => {
    for (const n of [1, 2, 3]) await newPart(api, { name: `Cursor ${n}` });
    for (const n of [1, 2, 3]) await newLocation(api, `Cursor ${n}`);
    const { nextCursor } = (await get('/parts?limit=1')).body;
    expect((await get(`/parts?cursor=${nextCursor}`)).status).toBe(200);
    for (const path of ['/locations?', '/parts?sort=-id&', '/parts?sort=updatedAt&', '/movements?sort=id&'])
      expectError(await get(`${path}cursor=${nextCursor}`), 400, 'bad_request', /^`cursor` is not one/);
  });

  it('with any character changed is 400', async () => {
    const { nextCursor } = (await get('/parts?limit=1&sort=name')).body;
    for (let n = 0; n < nextCursor.length; n++) {
      const changed = `${nextCursor.slice(0, n)}${nextCursor[n] === 'A' ? 'B' : 'A'}${nextCursor.slice(n + 1)}`;
      expectError(await get(`/parts?sort=name&cursor=${changed}`), 400, 'bad_request');
    }
    expectError(await get(`/parts?sort=name&cursor=${nextCursor.slice(0, -2)}`), 400, 'bad_request');
  });

  it('of one organization shows another only its own rows', async () => {
    const { nextCursor } = (await get('/parts?limit=1')).body;
    const key = await api.createKey('read', await api.createOrganization());
    expect((await get(`/parts?cursor=${nextCursor}`, key)).body).toEqual({ data: [] });
  });
});

describe('GET /parts', () => {
  it('finds text in sku, name, description, barcode, external id and manufacturer’s number, whatever its case', async () => {
    const fields = ['sku', 'name', 'description', 'barcode', 'externalId', 'manufacturerPartNumber'];
    const ids: number[] = [];
    for (const field of fields) ids.push((await newPart(api, { [field]: `a ÄRGER of ${field}` })).id);
    await newPart(api, { supplier: 'ärger', category: 'ärger' });
    expect((await rowsOf(`/parts${queryOf({ q: ' ärger OF ' })}`)).map((row) => row.id)).toEqual(ids);
  });

  it.each([
    ['100%', ['100% cotton']],
    ['a_b', ['a_b']],
    ['c\\d', ['c\\d']],
    ["o'ring", ["O'Ring"]],
  ])('takes %s as it is written', async (q, expected) => {
    for (const name of ['100% cotton', '1000 cottons', 'a_b', 'axb', 'c\\d', 'cd', "O'Ring"])
      await newPart(api, { name, category: `literal ${q}` });
    const rows = await rowsOf(`/parts${queryOf({ q, category: `literal ${q}` })}`);
    expect(rows.map((row) => row.name)).toEqual(expected);
  });

  it('filters by supplier and category', async () => {
    const { id } = await newPart(api, { supplier: 'Bosch', category: 'Filters' });
    await newPart(api, { supplier: 'Bosch', category: 'Belts' });
    await newPart(api, { supplier: 'Mann', category: 'Filters' });
    expect((await rowsOf('/parts?supplier=Bosch&category=Filters')).map((row) => row.id)).toEqual([id]);
    expect(await rowsOf('/parts?supplier=bosch%00')).toEqual([]);
  });

  it('shows what changed since an instant, archived parts among them', async () => {
    const before = await newPart(api);
    const changed = await newPart(api);
    const archived = await newPart(api);
    const at = new Date(Date.parse(archived.createdAt) + 1).toISOString();
    await new Promise((resolve) => setTimeout(resolve, 5));
    await api.request('PATCH', `/parts/${changed.id}`, { body: { name: 'Changed' } });
    await api.request('PATCH', `/parts/${archived.id}`, { body: { archived: true } });
    const shown = async (parameters: object) =>
      (await rowsOf(`/parts${queryOf({ updatedSince: at, ...parameters })}`)).map((row) => row.id);
    expect(await shown({})).toEqual([changed.id, archived.id]);
    expect(await shown({ archived: 'false' })).toEqual([changed.id]);
    expect(await shown({ sort: '-updatedAt' })).toEqual([archived.id, changed.id]);
    const [{ updatedAt }] = await rowsOf(`/parts${queryOf({ updatedSince: at })}`);
    expect(await shown({ updatedSince: updatedAt })).toContain(changed.id);
    expect((await rowsOf('/parts')).map((row) => row.id)).toContain(before.id);
  });

  it('tells those at or below their reorder point from the others', async () => {
    const category = 'Reorder';
    const location = await newLocation(api);
    const below = await newPart(api, { category, reorderPoint: 5 });
    const at = await newPart(api, { category, reorderPoint: 2 });
    const above = await newPart(api, { category, reorderPoint: 1 });
    const never = await newPart(api, { category });
    for (const { id } of [below, at, above, never])
      await move(api, { kind: 'receive', partId: id, locationId: location.id, qty: 2 });
    const ids = async (path: string) => (await rowsOf(path)).map((row) => row.id ?? row.partId);
    expect(await ids(`/parts?category=${category}&belowReorder=true`)).toEqual([below.id, at.id]);
    expect(await ids(`/parts?category=${category}&belowReorder=false`)).toEqual([above.id, never.id]);
    expect(await ids(`/stock?locationId=${location.id}&belowReorder=true`)).toEqual([below.id, at.id]);
    expect(await ids(`/stock?locationId=${location.id}&belowReorder=false`)).toEqual([above.id, never.id]);
  });
});

describe('GET /locations', () => {
  it('finds text in name and external id, and what changed since an instant', async () => {
    const one = await newLocation(api, 'Camioneta de Ñandú');
    const other = await newLocation(api, 'Another 7');
    await new Promise((resolve) => setTimeout(resolve, 5));
    const patched = await api.request('PATCH', `/locations/${other.id}`, { body: { externalId: 'ÑAND-7' } });
    const found = await rowsOf(`/locations${queryOf({ q: 'ñand' })}`);
    expect(found.map((row) => row.id)).toEqual([one.id, other.id]);
    const { updatedAt } = patched.body.data;
    expect((await rowsOf(`/locations?updatedSince=${updatedAt}`)).map((row) => row.id)).toEqual([other.id]);
  });
});

describe('GET /stock', () => {
  it('finds text in sku, part’s name and location', async () => {
    const place = await newLocation(api, 'Shelf Gräfin');
    const elsewhere = await newLocation(api);
    const parts = [
      await newPart(api),
      await newPart(api, { name: 'gräfin oil' }),
      await newPart(api, { sku: 'x GRÄFIN' }),
    ];
    await move(api, { kind: 'receive', partId: parts[0].id, locationId: place.id, qty: 1 });
    for (const { id } of parts) await move(api, { kind: 'receive', partId: id, locationId: elsewhere.id, qty: 1 });
    const rows = await rowsOf(`/stock${queryOf({ q: 'GRÄFIN' })}`);
    expect(rows.map((row) => [row.partId, row.locationId])).toEqual([
      [parts[0].id, place.id],
      [parts[1].id, elsewhere.id],
      [parts[2].id, elsewhere.id],
    ]);
  });
});

describe('GET /movements', () => {
  it('filters by each of its fields, and finds text in them', async () => {
    const part = await newPart(api);
    const [from, to] = [await newLocation(api), await newLocation(api)];
    const fields = {
      reference: 'PO-9 Ä',
      referenceLine: '30',
      reasonCode: 'breakage',
      costCenter: 'CC-4',
      workOrder: 'WO-77',
      note: 'Broke in two',
    };
    await move(api, { kind: 'receive', partId: part.id, locationId: from.id, qty: 9 });
    for (const [field, value] of Object.entries(fields)) {
      await move(api, { kind: 'receive', partId: part.id, locationId: from.id, qty: 1, [field]: value });
      const mine = `partId=${part.id}`;
      if (field !== 'note') {
        const rows = await rowsOf(`/movements?${mine}&${field}=${encodeURIComponent(value)}`);
        expect(rows.map((row) => row[field])).toEqual([value]);
        expect(await rowsOf(`/movements?${mine}&${field}=${encodeURIComponent(value)}x`)).toEqual([]);
      }
      const found = await rowsOf(`/movements?${mine}&q=${encodeURIComponent(value.toLowerCase())}`);
      expect(found.map((row) => row[field])).toEqual([value]);
    }
    await move(api, { kind: 'transfer', partId: part.id, fromId: from.id, toId: to.id, qty: 1, externalId: 'T-1' });
    await move(api, { kind: 'consume', partId: part.id, locationId: to.id, qty: 1, externalId: 'T-2' });
    expect((await rowsOf('/movements?externalId=T-1')).map((row) => row.locationId)).toEqual([to.id, from.id]);
    expect((await rowsOf('/movements?externalId=T-2')).map((row) => row.locationId)).toEqual([to.id]);
    expect(await rowsOf('/movements?externalId=T-3')).toEqual([]);
  });

  it('takes `since` at or after and `until` before, of when it was written and when it happened', async () => {
    const part = await newPart(api);
    const place = await newLocation(api);
    for (const day of ['2026-03-01', '2026-03-02', '2026-03-03']) {
      const occurredAt = `${day}T10:00:00.000Z`;
      await move(api, { kind: 'receive', partId: part.id, locationId: place.id, qty: 1, occurredAt });
      await new Promise((resolve) => setTimeout(resolve, 3));
    }
    const shown = async (parameters: Record<string, string>) =>
      (await rowsOf(`/movements${queryOf({ partId: String(part.id), sort: 'id', ...parameters })}`)).map(
        (row) => row.id,
      );
    const rows = await rowsOf(`/movements?partId=${part.id}&sort=id`);
    const [one, two, three] = rows.map((row) => row.id);
    expect(await shown({ since: rows[1].createdAt })).toEqual([two, three]);
    expect(await shown({ until: rows[1].createdAt })).toEqual([one]);
    expect(await shown({ since: rows[1].createdAt, until: rows[2].createdAt })).toEqual([two]);
    expect(await shown({ occurredSince: '2026-03-02T12:00:00+02:00' })).toEqual([two, three]);
    expect(await shown({ occurredUntil: '2026-03-02T10:00:00Z' })).toEqual([one]);
  });
});

describe('GET /webhook-endpoints', () => {
  it('answers every endpoint, or pages of them', async () => {
    for (let n = 0; n < 5; n++)
      await api.request('POST', '/webhook-endpoints', { body: { url: `https://example.com/${n}` } });
    const all = await get('/webhook-endpoints');
    expect(Object.keys(all.body)).toEqual(['data']);
    expect(all.body.data).toHaveLength(5);
    expect(await walk('/webhook-endpoints', { limit: '2' })).toEqual(all.body.data);
  });
});

describe('refuses with 400, naming the parameter', () => {
  it.each([
    ['/parts', 'updatedSince', 'yesterday'],
    ['/parts', 'updatedSince', '2026-02-30T00:00:00Z'],
    ['/parts', 'belowReorder', 'yes'],
    ['/parts', 'archived', '1'],
    ['/parts', 'q', ' '],
    ['/parts', 'q', 'x'.repeat(256)],
    ['/locations', 'updatedSince', '2026-01-01'],
    ['/locations', 'q', ''],
    ['/stock', 'belowReorder', ''],
    ['/stock', 'partId', 'x'],
    ['/stock', 'updatedSince', '2026-01-01T00:00:00Z'],
    ['/movements', 'kind', 'sell'],
    ['/movements', 'since', '0000-12-31T00:00:00Z'],
    ['/movements', 'until', '9999-12-31T23:59:59-23:00'],
    ['/movements', 'occurredSince', ''],
    ['/movements', 'occurredUntil', 'now'],
    ['/deliveries', 'status', 'lost'],
    ['/deliveries', 'endpointId', '-1'],
    ['/deliveries', 'since', '1'],
    ['/webhook-endpoints', 'limit', '501'],
    ['/webhook-endpoints', 'q', 'x'],
  ])('%s?%s=%s', async (path, name, value) => {
    expectError(
      await get(`${path}?${name}=${encodeURIComponent(value)}`),
      400,
      'bad_request',
      new RegExp(`\`${name}\``),
    );
  });
});
