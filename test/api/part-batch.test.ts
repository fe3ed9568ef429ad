import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApi, type TestApi } from '../support/api.ts';
import { eventsOf, expectError, move, newLocation, newPart, rowCounts, unique } from './support.ts';

let api: TestApi;
let shelf: { id: number; name: string };
beforeAll(async () => {
  api = await startTestApi();
  shelf = await newLocation(api, 'Shelf');
});
afterAll(() => api?.close());

interface Result {
  status: string | number;
  id: number | null;
  sku: string;
  updatedAt: string;
  error: { code: string; message: string };
}

const put = (parts: unknown, options: object = {}, key = api.key) =>
  api.request('PUT', '/parts/batch', { body: { parts, ...options }, key });
const get = async (sku: string) => (await api.request('GET', `/parts/${encodeURIComponent(sku)}`)).body?.data;
const statuses = (answer: { body: { data: Result[] } }) => answer.body.data.map((result) => result.status);

describe('PUT /parts/batch', () => {
  it('creates what is new, patches what exists, and answers each part whole, in order', async () => {
    const old = await newPart(api, { description: 'Old', reorderPoint: 3, unitCost: 5 });
    const same = await newPart(api, { category: 'C' });
    const skus = [unique('NEW'), unique('NEW')];
    const answer = await put([
      { sku: skus[1], name: 'Two', unit: null, locationMinimums: [{ location: 'shelf', minimum: 2 }] },
      { sku: old.sku.toLowerCase(), description: null, reorderPoint: 4 },
      { sku: same.sku, category: 'C' },
      { sku: ` ${skus[0]} `, name: 'One', externalId: unique('E'), leadTimeDays: 3 },
    ]);
    expect(answer.status, answer.text).toBe(200);
    expect(Object.keys(answer.body)).toEqual(['data']);
    expect(statuses(answer)).toEqual(['created', 'updated', 'unchanged', 'created']);
    expect(answer.body.data.map((result: Result) => result.sku)).toEqual([
      skus[1],
      old.sku.toLowerCase(),
      same.sku,
      skus[0],
    ]);
    for (const { status, ...part } of answer.body.data) {
      expect(Object.keys(part)[0]).toBe('id');
      expect(JSON.stringify(await get(part.sku))).toBe(JSON.stringify(part));
      const [created] = await eventsOf(api, 'part.created', part.id);
      const updated = (await eventsOf(api, 'part.updated', part.id)).map((event) => event.text);
      if (status === 'created') expect([created?.text, updated]).toEqual([JSON.stringify(part), []]);
      else expect(updated).toEqual(status === 'updated' ? [JSON.stringify(part)] : []);
    }
    const [two, changed, unchanged] = answer.body.data;
    expect(two).toMatchObject({
      unit: 'ea',
      locationMinimums: [{ locationId: shelf.id, location: 'Shelf', minimum: 2 }],
    });
    expect(changed).toEqual({
      ...old,
      status: 'updated',
      sku: old.sku.toLowerCase(),
      description: null,
      reorderPoint: 4,
      updatedAt: expect.any(String),
    });
    expect(changed.updatedAt > old.updatedAt).toBe(true);
    expect(unchanged).toEqual({ status: 'unchanged', ...same });
  });

  it('is a round trip: what GET shows changes nothing', async () => {
    const parts = [await newPart(api, { locationMinimums: [{ location: 'Shelf', minimum: 1 }] }), await newPart(api)];
    await move(api, { kind: 'receive', partId: parts[0].id, location: 'Shelf', qty: 3 });
    const now = await Promise.all(parts.map((part) => get(part.sku)));
    const answer = await put(now);
    expect(answer.body.data).toEqual(now.map((part) => ({ status: 'unchanged', ...part })));
    expect(await eventsOf(api, 'part.updated', parts[0].id)).toEqual([]);
  });

  it('replaces, keeps and clears minimums as a patch does', async () => {
    const locationMinimums = [{ location: 'Shelf', minimum: 1 }];
    const [one, two, three] = [
      await newPart(api, { locationMinimums }),
      await newPart(api, { locationMinimums }),
      await newPart(api, { locationMinimums }),
    ];
    const answer = await put([
      { sku: one.sku, locationMinimums: [{ location: shelf.id, minimum: 9 }] },
      { sku: two.sku, name: 'Two' },
      { sku: three.sku, locationMinimums: null },
    ]);
    expect(statuses(answer)).toEqual(['updated', 'updated', 'updated']);
    const minimums = await Promise.all([one, two, three].map(async ({ sku }) => (await get(sku)).locationMinimums));
    expect(minimums.map((list) => list.map((each: { minimum: number }) => each.minimum))).toEqual([[9], [1], []]);
  });

  it('is all or nothing: the error names the item and nothing is written', async () => {
    const old = await newPart(api);
    const stocked = await newPart(api);
    await move(api, { kind: 'receive', partId: stocked.id, location: 'Shelf', qty: 1 });
    const owner = await newPart(api, { externalId: unique('E') });
    const fine = () => ({ sku: unique('FINE'), name: 'Fine' });
    const before = await rowCounts(api);
    const cases: [unknown[], number, string, RegExp | string][] = [
      [[fine(), { sku: unique() }], 422, 'unprocessable', '`parts[1]`: `name` is required.'],
      [[{ name: 'N' }], 422, 'unprocessable', '`parts[0]`: `sku` is required.'],
      [[fine(), 5, null], 422, 'unprocessable', '`parts[1]`: It must be an object. `parts[2]`: It must be an object.'],
      [[{ ...fine(), colour: 'red' }], 422, 'unprocessable', /`parts\[0\]`: `colour`/],
      [[{ ...fine(), onHand: 1 }], 422, 'unprocessable', /`parts\[0\]`: `onHand`/],
      [[{ sku: old.sku, name: null }], 422, 'unprocessable', '`parts[0]`: `name` cannot be null.'],
      [[{ sku: old.sku, unitCost: -1 }], 422, 'unprocessable', /^`parts\[0\]`: `unitCost`/],
      [
        [
          { sku: old.sku, name: 'Changed' },
          { sku: stocked.sku, unit: 'L' },
        ],
        422,
        'unprocessable',
        /^`parts\[1\]`: `unit`/,
      ],
      [
        [
          { sku: old.sku, name: 'Changed' },
          { sku: stocked.sku, archived: true },
        ],
        409,
        'conflict',
        /^`parts\[1\]`: `archived`/,
      ],
      [[fine(), { ...fine(), externalId: owner.externalId }], 409, 'conflict', /^`parts\[1\]`: .*`externalId`/],
      [
        [
          { ...fine(), externalId: 'SAME' },
          { ...fine(), externalId: 'SAME' },
        ],
        409,
        'conflict',
        /^`parts\[1\]`: .*"SAME"/,
      ],
      [
        [{ ...fine(), locationMinimums: [{ location: 'Nowhere', minimum: 1 }] }],
        422,
        'unprocessable',
        /^`parts\[0\]`: `locationMinimums\[0\]`: `location` "Nowhere"/,
      ],
      [
        [
          { sku: 'Twice', name: 'T' },
          { sku: 'tWICE', name: 'T' },
        ],
        422,
        'unprocessable',
        '`parts[1]`: It has the same `sku` as `parts[0]`.',
      ],
    ];
    for (const [parts, status, code, message] of cases) expectError(await put(parts), status, code, message);
    expect(await rowCounts(api)).toEqual(before);
    expect(await get(old.sku)).toEqual(old);
    expect(await eventsOf(api, 'part.updated', old.id)).toEqual([]);
  });

  it('with `atomic: false` answers each item by itself', async () => {
    const old = await newPart(api);
    const stocked = await newPart(api);
    await move(api, { kind: 'receive', partId: stocked.id, location: 'Shelf', qty: 1 });
    const sku = unique('NEW');
    const answer = await put(
      [
        { sku, name: 'New', externalId: 'FIRST' },
        { sku: old.sku, externalId: 'FIRST', name: 'Not written' },
        { sku: stocked.sku, archived: true, name: 'Not written' },
        5,
        { sku, name: 'Again' },
        { sku: old.sku.toLowerCase() },
        { sku: unique() },
      ],
      { atomic: false },
    );
    expect(answer.status, answer.text).toBe(200);
    expect(statuses(answer)).toEqual(['created', 409, 409, 422, 422, 422, 422]);
    for (const result of answer.body.data.slice(1)) expect(Object.keys(result)).toEqual(['status', 'error']);
    expect(answer.body.data[4].error).toEqual({
      code: 'unprocessable',
      message: 'It has the same `sku` as `parts[0]`.',
    });
    expect(await get(sku)).toMatchObject({ name: 'New', externalId: 'FIRST' });
    expect(await get(old.sku)).toEqual(old);
    expect(await get(stocked.sku)).toMatchObject({ name: stocked.name, archived: false });
    expect(await eventsOf(api, 'part.updated', old.id)).toEqual([]);
  });

  it('with `dryRun` says what would come of it, and writes nothing', async () => {
    const old = await newPart(api, { locationMinimums: [{ location: 'Shelf', minimum: 1 }] });
    const sku = unique('DRY');
    const parts = [
      { sku, name: 'New' },
      { sku: old.sku, name: 'Changed', locationMinimums: [] },
    ];
    const before = await rowCounts(api);
    const dry = await put(parts, { dryRun: true });
    expect([dry.status, statuses(dry)]).toEqual([200, ['created', 'updated']]);
    expect(dry.body.data[0]).toMatchObject({ id: null, sku, name: 'New', unit: 'ea' });
    expect(dry.body.data[1]).toMatchObject({ id: old.id, name: 'Changed', locationMinimums: [] });
    expectError(await put([{ sku: unique() }], { dryRun: true }), 422, 'unprocessable', /`parts\[0\]`/);
    expect(await rowCounts(api)).toEqual(before);
    expect(await get(old.sku)).toEqual(old);
    const real = await put(parts);
    expect(statuses(real)).toEqual(statuses(dry));
    expect(Object.keys(real.body.data[0])).toEqual(Object.keys(dry.body.data[0]));
  });

  it('moves an external id from one part to another in two requests, not in one', async () => {
    const externalId = unique('E');
    const [from, to] = [await newPart(api, { externalId }), await newPart(api)];
    const parts = [
      { sku: from.sku, externalId: null },
      { sku: to.sku, externalId },
    ];
    expectError(await put(parts), 409, 'conflict', /^`parts\[1\]`: .*`externalId`/);
    expect(statuses(await put(parts.slice(0, 1)))).toEqual(['updated']);
    expect(statuses(await put(parts.slice(1)))).toEqual(['updated']);
  });

  it.each<[string, unknown]>([
    ['no list', { parts: {} }],
    ['an empty list', { parts: [] }],
    ['nothing', {}],
    ['1,001 parts', { parts: Array.from({ length: 1_001 }, (_, n) => ({ sku: `X${n}`, name: 'X' })) }],
    ['a mistyped option', { parts: [{ sku: 'A', name: 'A' }], dryrun: true }],
    ['an option that is no boolean', { parts: [{ sku: 'A', name: 'A' }], atomic: 'no' }],
  ])('refuses %s', async (_, body) => {
    expectError(await api.request('PUT', '/parts/batch', { body }), 422, 'unprocessable');
  });

  it('takes 8 MiB, not more', async () => {
    const description = 'x'.repeat(9_000);
    const parts = Array.from({ length: 900 }, (_, n) => ({ sku: `BIG-${n}`, name: 'Big', description }));
    const answer = await put(parts, { dryRun: true });
    expect([answer.status, answer.body.data.length]).toEqual([200, 900]);
    const text = JSON.stringify({ parts }).padEnd(8 * 1024 * 1024 + 1);
    expectError(await api.request('PUT', '/parts/batch', { body: text }), 413, 'payload_too_large');
  });

  it('needs a read & write key, and no other method has this path', async () => {
    const key = await api.createKey('read');
    expectError(await put([{ sku: 'A', name: 'A' }], {}, key), 403, 'forbidden');
    expectError(await api.request('DELETE', '/parts/batch'), 405, 'method_not_allowed');
    expect((await api.request('GET', '/parts/batch')).status).toBe(404); // a sku like any other
  });

  it('leaves one delivery for each real change', async () => {
    const body = { url: 'https://example.com/' };
    const { data: endpoint } = (await api.request('POST', '/webhook-endpoints', { body })).body;
    const old = await newPart(api);
    await put([
      { sku: unique('D'), name: 'D' },
      { sku: old.sku, name: 'Changed' },
    ]);
    await put([{ sku: old.sku, name: 'Changed' }]);
    const { rows } = await api.db.pool.query(
      'select v.type from delivery d join event v on v.id = d.event_id where d.endpoint_id = $1 order by d.id',
      [endpoint.id],
    );
    expect(rows.map((row) => row.type)).toEqual(['part.created', 'part.created', 'part.updated']);
  });
});

describe('many parts at once', () => {
  const many = (prefix: string, fields: object, count = 1_000) =>
    Array.from({ length: count }, (_, n) => ({ sku: `${prefix}-${n}`, name: `Part ${n}`, ...fields }));

  it('puts 1,000 parts at five times the rows per second of single writes, or more', async () => {
    const locationMinimums = [{ location: 'Shelf', minimum: 2 }];
    const fields = { category: 'A', locationMinimums };
    const timeMs = async (work: () => Promise<unknown>) => {
      const startedAtMs = performance.now();
      await work();
      return performance.now() - startedAtMs;
    };
    const singles = many(unique('SINGLE'), fields, 200);
    const postAll = async (mine: object[]) => {
      for (const body of mine) expect((await api.request('POST', '/parts', { body })).status).toBe(201);
    };
    const singleMs = await timeMs(() =>
      Promise.all(Array.from({ length: 10 }, (_, n) => postAll(singles.slice(n * 20, n * 20 + 20)))),
    );

    const [prefix, changed] = [unique('FAST'), { ...fields, category: 'B', locationMinimums: [] }];
    await put(many(unique('WARM'), fields));
    for (const [status, given] of [
      ['created', fields],
      ['updated', changed],
      ['unchanged', changed],
    ] as const) {
      const batchMs = await timeMs(async () => {
        const answer = await put(many(prefix, given));
        expect([answer.status, new Set(statuses(answer))]).toEqual([200, new Set([status])]);
      });
      expect((singleMs / singles.length) * 1_000).toBeGreaterThan(5 * batchMs);
    }
  });

  it('never deadlocks: overlapping batches in any order, beside single writes and movements', async () => {
    const prefix = unique('RACE');
    const orders = Array.from({ length: 8 }, (_, n) => {
      const parts = many(prefix, { category: `Writer ${n}` }, 150).slice((n * 10) % 50);
      return n % 2 === 0 ? parts : parts.toReversed();
    });
    const singles = Array.from({ length: 40 }, (_, n) => ({ sku: `${prefix}-${n * 3}`, name: 'Single' }));
    const [batches, posts] = await Promise.all([
      Promise.all(orders.map((parts) => put(parts))),
      Promise.all(singles.map((body) => api.request('POST', '/parts', { body }))),
      Promise.all(
        singles.map(async ({ sku }) => {
          const body = { kind: 'receive', sku, location: 'Shelf', qty: 1 };
          const answer = await api.request('POST', '/movements', { body });
          expect([201, 422], answer.text).toContain(answer.status);
        }),
      ),
    ]);
    expect(batches.map((answer) => answer.status)).toEqual(orders.map(() => 200));
    for (const answer of posts) expect([201, 409], answer.text).toContain(answer.status);
    const { rows } = await api.db.pool.query(
      `select count(*)::int as parts, count(distinct sku_key)::int as skus,
         (select count(*)::int from event where type = 'part.created' and data ->> 'sku' like $1) as created
       from part where sku like $1`,
      [`${prefix}-%`],
    );
    expect(rows).toEqual([{ parts: 150, skus: 150, created: 150 }]);
    const created = batches.flatMap(statuses).filter((status) => status === 'created').length;
    expect(created + posts.filter((answer) => answer.status === 201).length).toBe(150);
  });

  it.each<Record<string, string>>([{}, { 'Idempotency-Key': 'race' }])(
    'patches a part that someone creates in the same moment, %j',
    async (headers) => {
      const sku = unique('MOMENT');
      const client = await api.db.pool.connect();
      await client.query('begin');
      await client.query(
        `insert into part (organization_id, sku, sku_key, name, unit) values ($1, $2, $3, 'Theirs', 'ea')`,
        [api.organizationId, sku, sku.toLowerCase()],
      );
      const body = {
        parts: [
          { sku: unique('BESIDE'), name: 'Beside' },
          { sku, name: 'Ours' },
        ],
      };
      const answer = api.request('PUT', '/parts/batch', { body, headers });
      await expect
        .poll(async () => (await api.db.pool.query('select from pg_locks where not granted')).rowCount)
        .toBeGreaterThan(0);
      await client.query('commit');
      client.release();
      expect(statuses(await answer)).toEqual(['created', 'updated']);
      expect((await get(sku)).name).toBe('Ours');
    },
  );

  it('gives an externalId to one part only, whoever asks at the same time', async () => {
    const externalIds = Array.from({ length: 20 }, () => unique('ERP'));
    const requests = Array.from({ length: 6 }, (_, n) =>
      put(
        (n % 2 === 0 ? externalIds : externalIds.toReversed()).map((externalId) => ({
          sku: unique(`W${n}`),
          name: 'N',
          externalId,
        })),
        { atomic: false },
      ),
    );
    const results = (await Promise.all(requests)).flatMap((answer) => answer.body.data as Result[]);
    const outcomes = Object.groupBy(results, (result) => String(result.status));
    expect([outcomes.created?.length, outcomes['409']?.length]).toEqual([20, 100]);
  });

  it('loses no movement that comes meanwhile', async () => {
    const parts = await Promise.all(Array.from({ length: 5 }, () => newPart(api)));
    const receive = (partId: number) => move(api, { kind: 'receive', partId, location: 'Shelf', qty: 1 });
    await Promise.all(
      Array.from({ length: 10 }, (_, n) => [
        put(parts.map(({ sku }) => ({ sku, name: `Round ${n}` }))),
        ...parts.map((part) => receive(part.id)),
      ]).flat(),
    );
    for (const { sku } of parts) expect((await get(sku)).onHand).toBe(10);
  });
});
