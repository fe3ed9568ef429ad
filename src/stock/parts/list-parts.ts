import type { Pool } from 'pg';
import { badRequest } from '../../errors.ts';
import { tidyName } from '../../fold-name.ts';
import type { List } from '../../http/list.ts';
import { isStorable } from '../find-reference.ts';
import { minimumsJson } from './minimums.ts';
import type { LocationMinimum, Part } from './part.ts';
import { presentPart } from './present-part.ts';

type PartRow = Omit<Part, 'organizationId' | 'skuKey'>;

/** What parts are narrowed to; the texts match exactly. */
export interface PartFilter {
  /** Archived parts too. */
  archived?: boolean | undefined;
  barcode?: string | undefined;
  externalId?: string | undefined;
  category?: string | undefined;
}

export const partFilterParameters = ['archived', 'barcode', 'externalId', 'category'] as const;

/** Throws 400 for an `archived` that is neither true nor false. */
export function readPartFilter(query: Partial<Record<(typeof partFilterParameters)[number], string>>): PartFilter {
  const { archived, barcode, externalId, category } = query;
  if (archived !== undefined && archived !== 'true' && archived !== 'false') {
    throw badRequest('`archived` must be `true` or `false`.');
  }
  return { archived: archived === 'true', barcode, externalId, category };
}

/** An organization's parts, by id. */
export function partList({ pool }: { pool: Pool }, organizationId: number, filter: PartFilter = {}): List<PartRow> {
  const texts = [filter.barcode, filter.externalId, filter.category];
  return {
    positionLength: 1,
    positionOf: (part) => [part.id],
    present: presentPart,
    page: async (after, limit) => {
      if (!texts.every((text) => text === undefined || isStorable(text))) return [];
      const { rows } = await pool.query<PartColumns>(
        `${select} where organization_id = $1 and id > $2
           and ($4 or archived_at is null)
           and ($5::text is null or barcode = $5)
           and ($6::text is null or external_id = $6)
           and ($7::text is null or category = $7)
         order by organization_id, id limit $3`,
        [
          organizationId,
          after?.[0] ?? 0,
          limit,
          filter.archived ?? false,
          ...texts.map((text) => text && tidyName(text)),
        ],
      );
      return rows.map(toPart);
    },
  };
}

/** The part, archived or not; undefined when the organization has none of that id. */
export async function findPart(
  { pool }: { pool: Pool },
  { organizationId, id }: { organizationId: number; id: number },
): Promise<PartRow | undefined> {
  const { rows } = await pool.query<PartColumns>(`${select} where organization_id = $1 and id = $2`, [
    organizationId,
    id,
  ]);
  return rows.map(toPart)[0];
}

const select = `
  select id, sku, name, description, unit, reorder_point, unit_cost, external_id, barcode, category,
    manufacturer_part_number, supplier, lead_time_days, archived_at, on_hand, value, created_at, updated_at,
    (select ${minimumsJson} from stock_minimum m join location l on l.id = m.location_id
     where m.organization_id = part.organization_id and m.part_id = part.id) as minimums
  from part`;

interface PartColumns {
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
