import { sql } from 'kysely';
import { conditionsOf, contains } from '../../db/conditions.ts';
import type { List } from '../../http/list.ts';
import { readFlag, readSearch } from '../../http/query.ts';
import { isLow } from '../parts/list-parts.ts';
import { type StockFilter, stockConditions } from '../read-filters.ts';

export interface LevelFilter {
  /** Of parts whose total is low. */
  belowReorder?: boolean | undefined;
  q?: string | undefined;
}

export const levelFilterParameters = ['belowReorder', 'q'] as const;

/** Throws 400 for a malformed value. */
export const readLevelFilter = (
  query: Partial<Record<(typeof levelFilterParameters)[number], string>>,
): LevelFilter => ({
  belowReorder: readFlag('belowReorder', query.belowReorder),
  q: readSearch('q', query.q),
});

interface LevelRow {
  part_id: string;
  sku: string;
  location_id: string;
  location: string;
  on_hand: string;
  unit: string;
}

const locationId = { sql: sql`level.location_id`, type: 'number' } as const;
export const levelSorts = {
  partId: { key: [{ sql: sql`level.part_id`, type: 'number', twin: sql`part.id` }, locationId] },
  sku: { key: [{ sql: sql`part.sku_key`, type: 'text' }, locationId] },
} satisfies List<LevelRow>['sorts'];

/** One row for each part × location that has a movement, zeros included. An undefined stock filter matches nothing. */
export const levelList = (
  organizationId: number,
  stock: StockFilter | undefined,
  filter: LevelFilter,
): List<LevelRow> => ({
  name: 'stock',
  sorts: levelSorts,
  defaultSort: 'partId',
  rows: {
    columns: sql`level.part_id, part.sku, level.location_id, location.name as location, level.on_hand, part.unit`,
    from: sql`stock_level level
      join part on part.organization_id = level.organization_id and part.id = level.part_id
      join location on location.organization_id = level.organization_id and location.id = level.location_id`,
    where: [
      sql`level.organization_id = ${organizationId} and part.organization_id = ${organizationId}`,
      ...stockConditions(stock, { part: sql`level.part_id`, location: sql`level.location_id` }),
      ...conditionsOf(filter, {
        belowReorder: (isBelow) => isLow(sql`part.on_hand`, isBelow),
        q: (text) => contains([sql`part.sku`, sql`part.name`, sql`location.name`], text),
      }),
    ],
  },
  present: presentLevel,
  columns: shownColumns,
});

const shownColumns = ['partId', 'sku', 'locationId', 'location', 'onHand', 'unit'] as const satisfies (keyof ReturnType<
  typeof presentLevel
>)[];

function presentLevel(row: LevelRow) {
  return {
    partId: Number(row.part_id),
    sku: row.sku,
    locationId: Number(row.location_id),
    location: row.location,
    onHand: Number(row.on_hand),
    unit: row.unit,
  };
}
