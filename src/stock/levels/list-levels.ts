import { sql } from 'kysely';
import { conditionsOf, contains } from '../../db/conditions.ts';
import type { KeyColumn, Sort, Sql } from '../../db/keyset.ts';
import { badRequest } from '../../errors.ts';
import type { List } from '../../http/list.ts';
import { readFlag, readInstant, readSearch } from '../../http/query.ts';
import { isLow } from '../parts/list-parts.ts';
import { type StockFilter, stockConditions } from '../read-filters.ts';

export interface LevelFilter {
  /** As it was after the last movement of this instant; undefined: now. */
  at?: Date | undefined;
  /** Of parts whose total is low. */
  belowReorder?: boolean | undefined;
  q?: string | undefined;
}

export const levelFilterParameters = ['at', 'belowReorder', 'q'] as const;

/** Throws 400 for a malformed value, or an `at` that is still to come. */
export function readLevelFilter(query: Partial<Record<(typeof levelFilterParameters)[number], string>>): LevelFilter {
  const at = readInstant('at', query.at);
  if (at !== undefined && at.getTime() > Date.now()) throw badRequest('`at` must not be in the future.');
  return { at, belowReorder: readFlag('belowReorder', query.belowReorder), q: readSearch('q', query.q) };
}

interface LevelRow {
  part_id: string;
  sku: string;
  location_id: string;
  location: string;
  on_hand: string;
  unit: string;
  value: string;
}

/** Where levels are read, always as `level` beside `part`, and what the part has over all locations. */
interface Source {
  from: Sql;
  where: Sql[];
  partId: Sql;
  sorts: Record<'partId' | 'sku', Sort>;
  total: Sql;
  totalValue: Sql;
  /** What the part has at this location and those before it. */
  upTo: Sql;
}

const location: KeyColumn = { sql: sql`level.location_id`, type: 'number' };
const sku: KeyColumn = { sql: sql`part.sku_key`, type: 'text' };

/** One row for each part × location that has a movement, zeros included. An undefined stock filter matches nothing. */
export function levelList(organizationId: number, stock: StockFilter | undefined, filter: LevelFilter): List<LevelRow> {
  const source = filter.at === undefined ? current(organizationId) : past(organizationId, filter.at, stock);
  return {
    name: 'stock',
    sorts: source.sorts,
    defaultSort: 'partId',
    rows: {
      columns: sql`part.id as part_id, part.sku, level.location_id, location.name as location, level.on_hand, part.unit,
        ${shareOf(source)} as value`,
      from: source.from,
      where: [
        ...source.where,
        ...stockConditions(stock, { part: source.partId, location: sql`level.location_id` }),
        ...conditionsOf(filter, {
          at: () => sql`true`,
          belowReorder: (isBelow) => isLow(source.total, isBelow),
          q: (text) => contains([sql`part.sku`, sql`part.name`, sql`location.name`], text),
        }),
      ],
    },
    present: presentLevel,
    columns: shownColumns,
  };
}

/** The location's row, and the part's stock at this location and those before it, for each level. */
const besideLevel = sql`
  join location on location.organization_id = level.organization_id and location.id = level.location_id
  cross join lateral (
    select sum(other.on_hand) filter (where other.location_id <= level.location_id) as up_to from stock_level other
    where other.organization_id = level.organization_id and other.part_id = level.part_id) laid`;

export const levelSorts: Source['sorts'] = {
  partId: { key: [{ sql: sql`level.part_id`, type: 'number' }, location] },
  sku: {
    key: [sku, location],
    acrossTables: true,
    from: sql`stock_level level
      join part on part.organization_id = level.organization_id and part.id = level.part_id ${besideLevel}`,
  },
};

const current = (organizationId: number): Source => ({
  // `limit 1` has each level look up its part: as a join, the planner would read parts from the first one on.
  from: sql`stock_level level
    cross join lateral (
      select * from part where part.organization_id = level.organization_id and part.id = level.part_id limit 1) part
    ${besideLevel}`,
  where: [sql`level.organization_id = ${organizationId}`, sql`part.organization_id = ${organizationId}`],
  partId: sql`level.part_id`,
  sorts: levelSorts,
  total: sql`part.on_hand`,
  totalValue: sql`part.value`,
  upTo: sql`laid.up_to`,
});

/**
 * The levels of each part as its ledger had made them at an instant, that instant's movements included: one pass over the
 * ledger of the parts that are asked for, part by part, so that a page reads no further than it must.
 */
const past = (organizationId: number, at: Date, stock: StockFilter | undefined): Source => ({
  from: sql`part cross join lateral (
    select location_id, on_hand,
      sum(on_hand) over (order by location_id) as up_to, sum(on_hand) over () as total, sum(value) over () as total_value
    from (
      select m.location_id, sum(m.qty_delta) as on_hand, sum(m.value) as value from movement m
      where m.organization_id = part.organization_id and m.part_id = part.id and m.created_at <= ${at}
      group by m.location_id) moved) level
    join location on location.organization_id = part.organization_id and location.id = level.location_id`,
  // A location has few of all parts: the ledger of the others need not be read.
  where: [
    sql`part.organization_id = ${organizationId}`,
    ...(stock?.locationId === undefined
      ? []
      : [
          sql`exists (select from stock_level touched where touched.organization_id = part.organization_id
            and touched.location_id = ${stock.locationId} and touched.part_id = part.id)`,
        ]),
  ],
  partId: sql`part.id`,
  sorts: {
    partId: { key: [{ sql: sql`part.id`, type: 'number' }, location], acrossTables: true },
    sku: { key: [sku, location], acrossTables: true },
  },
  total: sql`level.total`,
  totalValue: sql`level.total_value`,
  upTo: sql`level.up_to`,
});

/**
 * A level's share of the part's value, in whole cents. The part's value is laid out over its stock, location after location, and
 * cut at whole cents: each share is within a cent of the average × level, and together they are the value exactly.
 */
const shareOf = ({ total, totalValue, upTo }: Source): Sql =>
  sql`case when ${total} = 0 then 0 else div(${totalValue} * ${upTo}, ${total})
    - div(${totalValue} * (${upTo} - level.on_hand), ${total}) end`;

const shownColumns = [
  'partId',
  'sku',
  'locationId',
  'location',
  'onHand',
  'unit',
  'value',
] as const satisfies (keyof ReturnType<typeof presentLevel>)[];

function presentLevel(row: LevelRow) {
  return {
    partId: Number(row.part_id),
    sku: row.sku,
    locationId: Number(row.location_id),
    location: row.location,
    onHand: Number(row.on_hand),
    unit: row.unit,
    value: Number(row.value),
  };
}
