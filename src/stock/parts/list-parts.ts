import { sql } from 'kysely';
import type { Pool } from 'pg';
import { conditionsOf, contains, is } from '../../db/conditions.ts';
import type { Sql } from '../../db/keyset.ts';
import type { List } from '../../http/list.ts';
import { readFlag, readInstant, readSearch } from '../../http/query.ts';
import { minimumsJson } from './minimums.ts';
import type { LocationMinimum, Part } from './part.ts';
import { presentPart } from './present-part.ts';

type PartRow = Omit<Part, 'organizationId' | 'skuKey'>;

/** What parts are narrowed to; the texts match exactly, but `q`. */
export interface PartFilter {
  /** Archived parts too. */
  archived?: boolean | undefined;
  barcode?: string | undefined;
  externalId?: string | undefined;
  category?: string | undefined;
  supplier?: string | undefined;
  updatedSince?: Date | undefined;
  belowReorder?: boolean | undefined;
  q?: string | undefined;
}

export const partFilterParameters = [
  'archived',
  'barcode',
  'externalId',
  'category',
  'supplier',
  'updatedSince',
  'belowReorder',
  'q',
] as const;

/** Throws 400 for a malformed value. Who asks what changed is told what was archived, too. */
export function readPartFilter(query: Partial<Record<(typeof partFilterParameters)[number], string>>): PartFilter {
  const updatedSince = readInstant('updatedSince', query.updatedSince);
  return {
    ...query,
    updatedSince,
    archived: readFlag('archived', query.archived) ?? updatedSince !== undefined,
    belowReorder: readFlag('belowReorder', query.belowReorder),
    q: readSearch('q', query.q),
  };
}

const id = { sql: sql`part.id`, type: 'number' } as const;
export const partSorts = {
  id: { key: [id] },
  sku: { key: [{ sql: sql`part.sku_key`, type: 'text' }] },
  name: { key: [{ sql: sql`lower(part.name)`, type: 'text' }, id] },
  updatedAt: { key: [{ sql: sql`part.updated_at`, type: 'instant' }, id] },
} satisfies List<PartColumns>['sorts'];

/** An organization's parts. */
export const partList = (
  organizationId: number,
  filter: PartFilter,
): List<PartColumns, string, ReturnType<typeof presentPart>> => ({
  name: 'parts',
  sorts: partSorts,
  defaultSort: 'id',
  rows: {
    columns: sql.raw(columns),
    from: sql`part`,
    where: [sql`part.organization_id = ${organizationId}`, ...conditionsOf(filter, partConditions)],
  },
  present: (row) => presentPart(toPart(row)),
  columns: shownColumns,
});

const shownColumns = [
  'id',
  'sku',
  'name',
  'description',
  'unit',
  'reorderPoint',
  'unitCost',
  'onHand',
  'createdAt',
  'updatedAt',
  'externalId',
  'barcode',
  'category',
  'manufacturerPartNumber',
  'supplier',
  'leadTimeDays',
  'locationMinimums',
  'archived',
  'averageCost',
  'value',
] as const satisfies (keyof ReturnType<typeof presentPart>)[];

const searched = ['sku', 'name', 'description', 'barcode', 'external_id', 'manufacturer_part_number'];

const partConditions: Parameters<typeof conditionsOf<PartFilter>>[1] = {
  archived: (shown) => (shown ? sql`true` : sql`part.archived_at is null`),
  barcode: (text) => is(sql`part.barcode`, text),
  externalId: (text) => is(sql`part.external_id`, text),
  category: (text) => is(sql`part.category`, text),
  supplier: (text) => is(sql`part.supplier`, text),
  updatedSince: (at) => sql`part.updated_at >= ${at}`,
  belowReorder: (isBelow) => isLow(sql`part.on_hand`, isBelow),
  q: (text) =>
    contains(
      searched.map((column) => sql.ref(`part.${column}`)),
      text,
    ),
};

/** Whether a total is at or below the part's reorder point, where `stock.low` is sent too. */
export const isLow = (total: Sql, expected: boolean): Sql =>
  sql`coalesce(${total} <= part.reorder_point, false) = ${expected}`;

/** The part, archived or not; undefined when the organization has none of that id. */
export async function findPart(
  { pool }: { pool: Pool },
  { organizationId, id }: { organizationId: number; id: number },
): Promise<PartRow | undefined> {
  const { rows } = await pool.query<PartColumns>(`select ${columns} from part where organization_id = $1 and id = $2`, [
    organizationId,
    id,
  ]);
  return rows.map(toPart)[0];
}

const columns = `
  id, sku, name, description, unit, reorder_point, unit_cost, external_id, barcode, category,
  manufacturer_part_number, supplier, lead_time_days, archived_at, on_hand, value, created_at, updated_at,
  (select ${minimumsJson} from stock_minimum m join location l on l.id = m.location_id
   where m.organization_id = part.organization_id and m.part_id = part.id) as minimums`;

export interface PartColumns {
  id: string;
  sku: string;
  name: string;
  description: string | null;
  unit: string;
  reorder_point: string | null;
  unit_cost: string | null;
  external_id: string | null;
  barcode: string | null;
  category: string | null;
  manufacturer_part_number: string | null;
  supplier: string | null;
  lead_time_days: number | null;
  archived_at: string | null;
  on_hand: string;
  value: string;
  created_at: string;
  updated_at: string;
  minimums: LocationMinimum[] | null;
}

function toPart(row: PartColumns): PartRow {
  return {
    id: Number(row.id),
    sku: row.sku,
    name: row.name,
    description: row.description,
    unit: row.unit,
    reorderPoint: row.reorder_point,
    unitCost: row.unit_cost === null ? null : Number(row.unit_cost),
    externalId: row.external_id,
    barcode: row.barcode,
    category: row.category,
    manufacturerPartNumber: row.manufacturer_part_number,
    supplier: row.supplier,
    leadTimeDays: row.lead_time_days,
    archivedAt: row.archived_at === null ? null : new Date(row.archived_at),
    onHand: row.on_hand,
    value: Number(row.value),
    createdAt: new Date(row.created_at),
    updatedAt: new Date(row.updated_at),
    locationMinimums: row.minimums ?? [],
  };
}
