import { sql } from 'kysely';
import { conditionsOf, contains } from '../../db/conditions.ts';
import type { Sql } from '../../db/keyset.ts';
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
  /** The other table's column of the part's id: see `KeyColumn.twin`. */
  twin?: Sql;
  total: Sql;
  totalValue: Sql;
  /** What the part has at this location and those before it. */
  upTo: Sql;
}

/** One row for each part × location that has a movement, zeros included. An undefined stock filter matches nothing. */
export function levelList(organizationId: number, stock: StockFilter | undefined, filter: LevelFilter): List<LevelRow> {
  const source = filter.at === undefined ? current : past(filter.at, stock);
  return {
    name: 'stock',
    sorts: sortsOf(source),
    defaultSort: 'partId',
    rows: {
      columns: sql`part.id as part_id, part.sku, level.location_id, location.name as location, level.on_hand, part.unit,
        ${shareOf(source)} as value`,
      from: sql`${source.from}
        join location on location.organization_id = part.organization_id and location.id = level.location_id`,
      where: [
        sql`part.organization_id = ${organizationId}`,
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

const current: Source = {
  from: sql`stock_level level
    join part on part.organization_id = level.organization_id and part.id = level.part_id
    cross join lateral (
      select sum(other.on_hand) as up_to from stock_level other
      where other.organization_id = level.organization_id and other.part_id = level.part_id
        and other.location_id <= level.location_id) laid`,
  where: [sql`level.organization_id = part.organization_id`],
  partId: sql`level.part_id`,
  twin: sql`part.id`,
  total: sql`part.on_hand`,
  totalValue: sql`part.value`,
  upTo: sql`laid.up_to`,
};

/**
 * The levels of each part as its ledger had made them at an instant, that instant's movements included: one pass over the
 * ledger of the parts that are asked for, part by part, so that a page reads no further than it must.
 */
const past = (at: Date, stock: StockFilter | undefined): Source => ({
  from: sql`part cross join lateral (
    select location_id, on_hand,
      sum(on_hand) over (order by location_id) as up_to, sum(on_hand) over () as total, sum(value) over () as total_value
    from (
      select m.location_id, sum(m.qty_delta) as on_hand, sum(m.value) as value from movement m
      where m.organization_id = part.organization_id and m.part_id = part.id and m.created_at <= ${at}
      group by m.location_id) moved) level`,
  // A location has few of all parts: the ledger of the others need not be read.
  where:
    stock?.locationId === undefined
      ? []
      : [
          sql`exists (select from stock_level touched where touched.organization_id = part.organization_id
            and touched.location_id = ${stock.locationId} and touched.part_id = part.id)`,
        ],
  partId: sql`part.id`,
  total: sql`level.total`,
  totalValue: sql`level.total_value`,
  upTo: sql`level.up_to`,
});

const sortsOf = ({ partId, twin }: Pick<Source, 'partId' | 'twin'>) => {
  const location = { sql: sql`level.location_id`, type: 'number' } as const;
  return {
    partId: { key: [{ sql: partId, type: 'number', ...(twin === undefined ? {} : { twin }) }, location] },
    sku: { key: [{ sql: sql`part.sku_key`, type: 'text' }, location] },
  } satisfies List<LevelRow>['sorts'];
};
export const levelSorts = sortsOf(current);

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
