import { Decimal } from 'decimal.js';
import type { Pool } from 'pg';
import type { List } from '../../http/list.ts';
import type { StockFilter } from '../read-filters.ts';
import type { MovementKind } from './schema.ts';

interface MovementRow {
  id: string;
  kind: MovementKind;
  part_id: string;
  sku: string;
  location_id: string;
  location: string;
  qty_delta: string;
  on_hand: string;
  unit: string;
  unit_cost: string | null;
  transfer_id: string | null;
  note: string | null;
  created_at: string;
  external_id: string | null;
  reference: string | null;
  reference_line: string | null;
  reason_code: string | null;
  cost_center: string | null;
  work_order: string | null;
  occurred_at: string;
  reverses_id: string | null;
  expected: string | null;
  value: string;
}

const select = `
  select m.id, m.kind, m.part_id, part.sku, m.location_id, location.name as location,
    m.qty_delta, m.on_hand, part.unit, m.unit_cost, m.transfer_id, m.note, m.created_at,
    m.external_id, m.reference, m.reference_line, m.reason_code, m.cost_center, m.work_order, m.occurred_at, m.reverses_id,
    m.expected, m.value
  from movement m join part on part.id = m.part_id join location on location.id = m.location_id`;

/** The ledger, newest first. An undefined filter matches nothing. */
export function movementList(
  { pool }: { pool: Pool },
  organizationId: number,
  filter: (StockFilter & { kind?: MovementKind | undefined }) | undefined,
): List<MovementRow> {
  return {
    positionLength: 1,
    positionOf: (row) => [Number(row.id)],
    present: presentMovement,
    defaultLimit: 100,
    page: async (after, limit) => {
      if (filter === undefined) return [];
      const { rows } = await pool.query<MovementRow>(
        `${select}
         where m.organization_id = $1 and m.id < $2
           and ($4::bigint is null or m.part_id = $4)
           and ($5::bigint is null or m.location_id = $5)
           and ($6::text is null or m.kind = $6)
         order by m.id desc limit $3`,
        [organizationId, after?.[0] ?? Number.MAX_SAFE_INTEGER, limit, filter.partId, filter.locationId, filter.kind],
      );
      return rows;
    },
  };
}

/** The movement, or undefined when the organization has none of that id; for a transfer, both of its rows. */
export async function findMovements(
  { pool }: { pool: Pool },
  { organizationId, id, whole = false }: { organizationId: number; id: number; whole?: boolean },
): Promise<MovementRow[]> {
  const which = whole ? '(m.id = $2 or m.transfer_id = $2)' : 'm.id = $2';
  const { rows } = await pool.query<MovementRow>(`${select} where m.organization_id = $1 and ${which} order by m.id`, [
    organizationId,
    id,
  ]);
  return rows;
}

export function presentMovement(row: MovementRow) {
  return {
    id: Number(row.id),
    kind: row.kind,
    partId: Number(row.part_id),
    sku: row.sku,
    locationId: Number(row.location_id),
    location: row.location,
    qtyDelta: Number(row.qty_delta),
    onHand: Number(row.on_hand),
    unit: row.unit,
    unitCost: row.unit_cost === null ? null : Number(row.unit_cost),
    transferId: row.transfer_id === null ? null : Number(row.transfer_id),
    note: row.note,
    createdAt: new Date(row.created_at).toISOString(),
    occurredAt: new Date(row.occurred_at).toISOString(),
    externalId: row.external_id,
    reference: row.reference,
    referenceLine: row.reference_line,
    reasonCode: row.reason_code,
    costCenter: row.cost_center,
    workOrder: row.work_order,
    reverses: row.reverses_id === null ? null : Number(row.reverses_id),
    expected: row.expected === null ? null : Number(row.expected),
    counted: row.expected === null ? null : countedOf(row),
    value: Number(row.value),
  };
}

/** Exact: as decimals, not as binary fractions. */
const countedOf = ({ expected, qty_delta }: MovementRow) => new Decimal(expected ?? 0).plus(qty_delta).toNumber();
