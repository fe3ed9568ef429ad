import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApi, type TestApi } from '../support/api.ts';
import { expectError, move, newLocation, newPart } from './support.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
  await fill(api.organizationId, 2_500);
});
afterAll(() => api?.close());

interface Row {
  id: number;
  partId: number;
  locationId: number;
}

/** Parts and locations straight into the tables, each part with a movement. */
async function fill(organizationId: number, count: number): Promise<void> {
  const { pool } = api.db;
  await pool.query(
    `insert into part (organization_id, sku, sku_key, name, unit)
     select $1, 'P' || n, 'p' || n, 'Part ' || n, 'ea' from generate_series(1, $2) n`,
    [organizationId, count],
  );
  await pool.query(
    `insert into location (organization_id, name, name_key)
     select $1, 'L' || n, 'l' || n from generate_series(1, $2) n`,
    [organizationId, count],
  );
  await pool.query(
    `with pair as (
       select part.id as part_id, location.id as location_id from part join location
         on location.organization_id = part.organization_id and substr(location.name, 2) = substr(part.sku, 2)
       where part.organization_id = $1
     ), level as (
       insert into stock_level (organization_id, part_id, location_id, on_hand) select $1, part_id, location_id, 1 from pair
     )
     insert into movement (organization_id, kind, part_id, location_id, qty_delta, on_hand, value, total_value, occurred_at, created_at, hash)
     select $1, 'receive', part_id, location_id, 1, 1, 0, 0, now(), now(), '' from pair order by part_id`,
    [organizationId],
  );
}

const ids = (rows: Row[]) => rows.map((row) => row.id ?? row.partId);
const isAscending = (numbers: number[]) => numbers.every((n, i) => i === 0 || n > (numbers[i - 1] ?? 0));

async function walk(path: string, limit: number, key = api.key): Promise<Row[]> {
  const rows: Row[] = [];
  let cursor: string | undefined;
  do {
    const separator = path.includes('?') ? '&' : '?';
    const answer = await api.request('GET', `${path}${separator}limit=${limit}${cursor ? `&cursor=${cursor}` : ''}`, {
      key,
    });
    expect(answer.status, answer.text).toBe(200);
    expect(answer.body.data.length).toBeLessThanOrEqual(limit);
    rows.push(...answer.body.data);
    cursor = answer.body.nextCursor;
  } while (cursor);
  return rows;
}

describe.each(['/parts', '/locations', '/stock'])('GET %s', (path) => {
  it('answers every row, by id, and nothing but `data`', async () => {
    const answer = await api.request('GET', path);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
    expect(Object.keys(answer.body)).toEqual(['data']);
    expect(answer.body.data).toHaveLength(2_500);
    expect(isAscending(ids(answer.body.data))).toBe(true);
  });

  it('answers the same rows page by page', async () => {
    const { data } = (await api.request('GET', path)).body;
    expect(await walk(path, 500)).toEqual(data);
    expect(await walk(path, 333)).toEqual(data);
  });

  it('answers HEAD with the headers of GET and no body', async () => {
    const head = await api.request('HEAD', path);
    expect([head.status, head.text]).toEqual([200, '']);
    expect(head.headers.get('content-type')).toMatch(/^application\/json/);
    const page = await api.request('HEAD', `${path}?limit=2`);
    expect([page.status, page.text]).toEqual([200, '']);
  });

  it.each([0, 1, 999, 1_000, 1_001, 2_000])('answers whole lists of %i rows', async (count) => {
    const organizationId = await api.createOrganization();
    const key = await api.createKey('read', organizationId);
    await fill(organizationId, count);
    const answer = await api.request('GET', path, { key });
    expect(answer.body.data).toHaveLength(count);
    expect(isAscending(ids(answer.body.data))).toBe(true);
    if (count <= 1_000) expect(await walk(path, 500, key)).toEqual(answer.body.data);
  });
});

describe('GET /movements', () => {
  it('answers the newest 100, newest first', async () => {
    const { data } = (await api.request('GET', '/movements')).body;
    expect(data).toHaveLength(100);
    expect(isAscending(ids(data).toReversed())).toBe(true);
    const { rows } = await api.db.pool.query('select max(id)::int as id from movement where organization_id = $1', [
      api.organizationId,
    ]);
    expect(data[0].id).toBe(rows[0].id);
  });

  it('answers up to 500 with limit, and every row page by page', async () => {
    expect((await api.request('GET', '/movements?limit=500')).body.data).toHaveLength(500);
    const all = await walk('/movements', 500);
    expect(all).toHaveLength(2_500);
    expect(isAscending(ids(all).toReversed())).toBe(true);
  });

  it('keeps its pages while new movements arrive', async () => {
    const part = await newPart(api);
    const location = await newLocation(api);
    const receive = () => move(api, { kind: 'receive', partId: part.id, locationId: location.id, qty: 1 });
    for (let n = 0; n < 5; n++) await receive();
    const path = `/movements?partId=${part.id}&limit=2`;
    const first = await api.request('GET', path);
    await receive();
    const second = await api.request('GET', `${path}&cursor=${first.body.nextCursor}`);
    expect(ids(second.body.data)).toEqual([
      (ids(first.body.data)[1] as number) - 1,
      (ids(first.body.data)[1] as number) - 2,
    ]);
  });

  it('keeps its filter in the next page', async () => {
    const part = await newPart(api);
    const location = await newLocation(api);
    for (let n = 0; n < 3; n++) {
      await move(api, { kind: 'receive', partId: part.id, locationId: location.id, qty: 2 });
      await move(api, { kind: 'consume', partId: part.id, locationId: location.id, qty: 1 });
    }
    const rows = await walk(`/movements?sku=${part.sku}&kind=consume`, 1);
    expect(rows).toHaveLength(3);
    expect(rows.every((row) => row.partId === part.id)).toBe(true);
  });
});

describe('refuses with 400', () => {
  it.each(['0', '-1', '501', '1000', '1.5', 'abc', '', '1e2', '01', ' 5', '5 ', '0x5', '99999999999999999999'])(
    'limit "%s"',
    async (limit) => {
      for (const path of ['/parts', '/locations', '/stock', '/movements'])
        expectError(await api.request('GET', `${path}?limit=${encodeURIComponent(limit)}`), 400, 'bad_request');
    },
  );

  it.each(['', 'x', '!!!', 'MQ==', '%00', 'LTE', '1', 'MS4y', 'OTk5OTk5OTk5OTk5OTk5OTk5OTk5', 'a'.repeat(8_000)])(
    'cursor "%s" on /parts',
    async (cursor) => {
      expectError(await api.request('GET', `/parts?cursor=${cursor}`), 400, 'bad_request');
    },
  );
});
