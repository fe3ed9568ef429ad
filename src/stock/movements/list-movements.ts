import { Decimal } from 'decimal.js';
import { sql } from 'kysely';
import type { Pool } from 'pg';
import { conditionsOf, contains, is } from '../../db/conditions.ts';
import type { Queryable } from '../../db/database.ts';
import { query } from '../../db/keyset.ts';
import type { List } from '../../http/list.ts';
import { readChoice, readInstant, readSearch } from '../../http/query.ts';
import { type StockFilter, stockConditions } from '../read-filters.ts';
import { type MovementKind, movementKinds } from './schema.ts';

export interface MovementRow {
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

const columns = `
  m.id, m.kind, m.part_id, part.sku, m.location_id, location.name as location,
    m.qty_delta, m.on_hand, part.unit, m.unit_cost, m.transfer_id, m.note, m.created_at,
    m.external_id, m.reference, m.reference_line, m.reason_code, m.cost_center, m.work_order, m.occurred_at, m.reverses_id,
    m.expected, m.value`;
const from = `movement m join part on part.id = m.part_id join location on location.id = m.location_id`;

export interface MovementFilter {
  kind?: MovementKind | undefined;
  reference?: string | undefined;
  referenceLine?: string | undefined;
  externalId?: string | undefined;
  reasonCode?: string | undefined;
  costCenter?: string | undefined;
  workOrder?: string | undefined;
  /** Written at or after `since` and before `until`. */
  since?: Date | undefined;
  until?: Date | undefined;
  occurredSince?: Date | undefined;
  occurredUntil?: Date | undefined;
  q?: string | undefined;
}

export const movementFilterParameters = [
  'kind',
  'reference',
  'referenceLine',
  'externalId',
  'reasonCode',
  'costCenter',
  'workOrder',
  'since',
  'until',
  'occurredSince',
  'occurredUntil',
  'q',
] as const;

/** Throws 400 for a malformed value. */
export const readMovementFilter = (
  query: Partial<Record<(typeof movementFilterParameters)[number], string>>,
): MovementFilter => ({
  ...query,
  kind: readChoice('kind', query.kind, movementKinds),
  since: readInstant('since', query.since),
  until: readInstant('until', query.until),
  occurredSince: readInstant('occurredSince', query.occurredSince),
  occurredUntil: readInstant('occurredUntil', query.occurredUntil),
  q: readSearch('q', query.q),
});

const id = { sql: sql`m.id`, type: 'number' } as const;
export const movementSorts = {
  id: { key: [id] },
  createdAt: { key: [{ sql: sql`m.created_at`, type: 'instant' }, id] },
  occurredAt: { key: [{ sql: sql`m.occurred_at`, type: 'instant' }, id] },
  sequence: { key: [id], settled: settledMovements },
} satisfies List<MovementRow>['sorts'];

/** The ledger. An undefined stock filter matches nothing. */
export const movementList = (
  organizationId: number,
  stock: StockFilter | undefined,
  filter: MovementFilter,
): List<MovementRow> => ({
  name: 'movements',
  sorts: movementSorts,
  defaultSort: '-id',
  defaultLimit: 100,
  rows: {
    columns: sql.raw(columns),
    from: sql.raw(from),
    where: [
      sql`m.organization_id = ${organizationId}`,
      ...stockConditions(stock, { part: sql`m.part_id`, location: sql`m.location_id` }),
      ...conditionsOf(filter, conditions(organizationId)),
    ],
  },
  present: presentMovement,
  columns: shownColumns,
});

const shownColumns = [
  'id',
  'kind',
  'partId',
  'sku',
  'locationId',
  'location',
  'qtyDelta',
  'onHand',
  'unit',
  'unitCost',
  'transferId',
  'note',
  'createdAt',
  'occurredAt',
  'externalId',
  'reference',
  'referenceLine',
  'reasonCode',
  'costCenter',
  'workOrder',
  'reverses',
  'expected',
  'counted',
  'value',
] as const satisfies (keyof ReturnType<typeof presentMovement>)[];

const searched = ['reference', 'reference_line', 'note', 'external_id', 'reason_code', 'cost_center', 'work_order'];

const conditions = (organizationId: number): Parameters<typeof conditionsOf<MovementFilter>>[1] => ({
  kind: (kind) => sql`m.kind = ${kind}`,
  reference: (text) => is(sql`m.reference`, text),
  referenceLine: (text) => is(sql`m.reference_line`, text),
  externalId: (text) => hasExternalId(organizationId, text),
  reasonCode: (text) => is(sql`m.reason_code`, text),
  costCenter: (text) => is(sql`m.cost_center`, text),
  workOrder: (text) => is(sql`m.work_order`, text),
  since: (at) => sql`m.created_at >= ${at}`,
  until: (at) => sql`m.created_at < ${at}`,
  occurredSince: (at) => sql`m.occurred_at >= ${at}`,
  occurredUntil: (at) => sql`m.occurred_at < ${at}`,
  q: (text) => contains([sql`part.sku`, sql`part.name`, ...searched.map((column) => sql.ref(`m.${column}`))], text),
});

async function settledMovements(deps: { pool: Queryable }): Promise<number> {
  const [row] = await query<{ id: string }>(deps, sql`select settled_movements() as id`);
  return Number(row?.id);
}

/** Both rows of a transfer have it, and the unique index only the first: it finds that one, and that one the other. */
const hasExternalId = (organizationId: number, text: string) =>
  sql`m.id = any (array(
    select r.id from movement first join movement r on r.id = first.id or r.transfer_id = first.id
    where first.organization_id = ${organizationId} and ${is(sql`first.external_id`, text)}
      and (first.transfer_id is null or first.transfer_id = first.id)))`;

/** The movement, or undefined when the organization has none of that id; for a transfer, both of its rows. */
export async function findMovements(
  { pool }: { pool: Pool },
  { organizationId, id, whole = false }: { organizationId: number; id: number; whole?: boolean },
): Promise<MovementRow[]> {
  const which = whole ? '(m.id = $2 or m.transfer_id = $2)' : 'm.id = $2';
  const { rows } = await pool.query<MovementRow>(
    `select ${columns} from ${from} where m.organization_id = $1 and ${which} order by m.id`,
    [organizationId, id],
  );
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
