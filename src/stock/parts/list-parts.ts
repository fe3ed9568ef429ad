import type { Pool } from 'pg';
import type { List } from '../../http/list.ts';
import type { Part } from './part.ts';
import { presentPart } from './present-part.ts';

type PartRow = Omit<Part, 'organizationId' | 'skuKey'>;

/** Every part of an organization, by id. */
export function partList({ pool }: { pool: Pool }, organizationId: number): List<PartRow> {
  return {
    positionLength: 1,
    positionOf: (part) => [part.id],
    present: presentPart,
    page: async (after, limit) => {
      const { rows } = await pool.query(
        `select id, sku, name, description, unit, reorder_point, unit_cost, on_hand, created_at, updated_at
         from part where organization_id = $1 and id > $2 order by organization_id, id limit $3`,
        [organizationId, after?.[0] ?? 0, limit],
      );
      return rows.map(toPart);
    },
  };
}

/** The part, or undefined when the organization has none of that id. */
export async function findPart(
  { pool }: { pool: Pool },
  { organizationId, id }: { organizationId: number; id: number },
): Promise<PartRow | undefined> {
  return (await partList({ pool }, organizationId).page([id - 1], 1)).find((part) => part.id === id);
}

interface PartColumns {
  id: string;
  sku: string;
  name: string;
  description: string | null;
  unit: string;
  reorder_point: string | null;
  unit_cost: string | null;
  on_hand: string;
  created_at: string;
  updated_at: string;
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
    onHand: row.on_hand,
    createdAt: new Date(row.created_at),
    updatedAt: new Date(row.updated_at),
  };
}
