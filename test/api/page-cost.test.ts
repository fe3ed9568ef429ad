import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Queryable } from '../../src/db/database.ts';
import { type Key, readPage, type Sort } from '../../src/db/keyset.ts';
import type { List } from '../../src/http/list.ts';
import { createOrganization } from '../../src/organizations/organization.ts';
import { levelList } from '../../src/stock/levels/list-levels.ts';
import { locationList } from '../../src/stock/locations/list-locations.ts';
import { movementList } from '../../src/stock/movements/list-movements.ts';
import { partList } from '../../src/stock/parts/list-parts.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

const parts = 20_000;
let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
  await createOrganization(db, 'Only');
  const fill = [
    `insert into part (organization_id, sku, sku_key, name, unit, category, updated_at)
     select 1, 'P' || n, 'p' || n, 'Part ' || n % 100, 'ea', 'C' || n % 1000, timestamptz '2026-01-01' + n * interval '1 s'
     from generate_series(1, $1::int) n`,
    `insert into location (organization_id, name, name_key, updated_at)
     select 1, 'L' || n, 'l' || n, timestamptz '2026-01-01' + n * interval '1 s' from generate_series(1, $1::int) n`,
    `insert into stock_level select 1, n, 1 + n % 3, 1 from generate_series(1, $1::int) n`,
    `insert into movement (organization_id, kind, part_id, location_id, qty_delta, on_hand, value, total_value, reference,
       occurred_at, created_at, hash)
     select 1, 'receive', n, 1 + n % 3, 1, 1, 1, 1, 'R' || n / 100, at, at, ''
     from (select n, timestamptz '2026-01-01' + n * interval '1 s' as at from generate_series(1, $1::int) n) numbered`,
  ];
  for (const statement of fill) await db.pool.query(statement, [parts]);
  await db.pool.query('vacuum analyze part, location, stock_level, movement');
});
afterAll(() => db?.close());

/** How many blocks PostgreSQL looks at for a page. */
async function blocksOf(
  { rows }: Pick<List<never>, 'rows'>,
  sort: Sort,
  descending: boolean,
  after?: Key,
): Promise<number> {
  let blocks = 0;
  const explaining: Queryable = {
    async query(text, values) {
      const explained = await db.pool.query(`explain (analyze, buffers, timing off, format json) ${text}`, values);
      const [{ Plan: plan }] = explained.rows[0]['QUERY PLAN'];
      blocks = plan['Shared Hit Blocks'] + plan['Shared Read Blocks'];
      return { rows: [], rowCount: 0 };
    },
  };
  await readPage({ pool: explaining }, rows, { sort, descending, after, limit: 50 });
  return blocks;
}

const deepMs = Date.parse('2026-01-01T05:00:00Z');
const lists = {
  parts: partList(1, { archived: false }),
  locations: locationList(1, {}),
  stock: levelList(1, {}, {}),
  'stock at an instant': levelList(1, {}, { at: new Date('2026-02-01') }),
  movements: movementList(1, {}, {}),
};
const deep: [keyof typeof lists, string, Key][] = [
  ['parts', 'id', [18_000]],
  ['parts', 'sku', ['p5']],
  ['parts', 'name', ['part 55', 12_000]],
  ['parts', 'updatedAt', [deepMs, 18_000]],
  ['locations', 'id', [18_000]],
  ['locations', 'name', ['l5']],
  ['locations', 'updatedAt', [deepMs, 18_000]],
  ['stock', 'partId', [18_000, 1]],
  ['stock', 'sku', ['p5', 1]],
  ['stock at an instant', 'partId', [18_000, 1]],
  ['stock at an instant', 'sku', ['p5', 1]],
  ['movements', 'id', [10_000]],
  ['movements', 'sequence', [10_000]],
  ['movements', 'createdAt', [deepMs, 10_000]],
  ['movements', 'occurredAt', [deepMs, 10_000]],
];

/** Each of 50 rows may be looked up in a few tables, a few blocks each: far less than the tables' thousands of rows. */
const mostBlocks = 1_000;

describe('a page of 50 out of 20,000 costs the same wherever it is', () => {
  it.each(deep)('%s by %s', async (name, sortName, after) => {
    const { rows, sorts } = lists[name];
    const sort = sorts[sortName];
    if (sort === undefined) throw new Error(`there is no ${sortName}`);
    for (const descending of sort.settled ? [false] : [false, true]) {
      expect(await blocksOf({ rows }, sort, descending)).toBeLessThan(mostBlocks);
      expect(await blocksOf({ rows }, sort, descending, after)).toBeLessThan(mostBlocks);
    }
  });

  it.each([
    ['parts of a category', partList(1, { category: 'C7' })],
    ['movements of a document', movementList(1, {}, { reference: 'R7' })],
    ['movements of a part', movementList(1, { partId: 7 }, {})],
    ['movements at a location', movementList(1, { locationId: 2 }, {})],
    ['a movement by external id', movementList(1, {}, { externalId: 'E' })],
    ['stock of a part', levelList(1, { partId: 7 }, {})],
    ['stock at a location', levelList(1, { locationId: 2 }, {})],
    ['stock of a part at an instant', levelList(1, { partId: 7 }, { at: new Date('2026-02-01') })],
  ])('%s', async (_, { rows, sorts, defaultSort }) => {
    const sort = sorts[defaultSort.replace('-', '')];
    if (sort === undefined) throw new Error(`there is no ${defaultSort}`);
    expect(await blocksOf({ rows }, sort, defaultSort.startsWith('-'))).toBeLessThan(mostBlocks);
  });
});
