import type { Queryable } from '../../db/database.ts';
import { unavailable } from '../../errors.ts';
import type { IdempotentRequest, KeyVerdict } from '../../http/idempotency.ts';
import type { Actor } from '../../organizations/actor.ts';
import type { Reference } from './reference.ts';
import type { Refusal } from './refusal.ts';
import type { NewMovement } from './schema.ts';

/** What came of one movement. `onHand` is the part's total over all locations; a transfer's id is that of its first row. */
export interface RecordedMovement {
  refusal: null;
  /** null in a dry run. */
  movementId: number | null;
  partId: number;
  sku: string;
  onHand: number;
  unit: string;
}

export interface RecordRequest {
  movements: NewMovement[];
  /** All or none; otherwise each that can be. */
  atomic: boolean;
  dryRun: boolean;
  idempotency: IdempotentRequest | undefined;
}

export interface Recorded {
  verdict: KeyVerdict;
  /** One for each movement, in order; of an atomic request without a refusal all are recorded, with one none is. */
  outcomes: (RecordedMovement | Refusal)[];
  /** How many deliveries now wait for the dispatcher. */
  deliveries: number;
}

/**
 * Records movements: ledger rows (a transfer's: two), levels, events and deliveries, in the one transaction of the
 * database function `record_movements_once`, together with the answer that an idempotency key keeps.
 */
export async function recordMovements(
  deps: { pool: Queryable; actor: Actor },
  request: RecordRequest,
): Promise<Recorded> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await recordOnce(deps, request);
    } catch (error) {
      if (!isExternalIdRace(error)) throw error;
      if (attempt === maxAttempts) throw unavailable('Others record the same `externalId` at this moment; try again.');
    }
  }
}

/**
 * Two requests with one `externalId` on different parts meet at the unique index only. The one that comes second is rolled
 * back; it is done again, and then finds the id taken, by which movement, and for which of its items.
 */
const isExternalIdRace = (error: unknown) =>
  error instanceof Error && 'constraint' in error && error.constraint === 'movement_external_id';

/** Each one that fails means that another request succeeded. */
const maxAttempts = 20;

async function recordOnce(
  { pool, actor }: { pool: Queryable; actor: Actor },
  { movements, atomic, dryRun, idempotency }: RecordRequest,
): Promise<Recorded> {
  const { rows } = await pool.query<{ verdict: KeyVerdict; outcomes: OutcomeRow[] | null; deliveries: number }>({
    name: 'record-movements',
    text: 'select * from record_movements_once($1, $2, $3, $4, $5, $6, $7, $8)',
    values: [
      actor.organizationId,
      actor.apiKeyId,
      JSON.stringify(movements.map(itemOf)),
      atomic,
      dryRun,
      idempotency?.key,
      idempotency?.fingerprint,
      actor.personId,
    ],
  });
  const row = rows[0];
  if (row === undefined) throw new Error('record_movements_once answered no row');
  return { verdict: row.verdict, outcomes: (row.outcomes ?? []).map(outcomeOf), deliveries: row.deliveries };
}

/** As the SQL type `movement_item` wants it. */
function itemOf(movement: NewMovement) {
  return {
    kind: movement.kind,
    ...referenceColumns('part', movement.part),
    ...referenceColumns('location', movement.location),
    ...referenceColumns('to', movement.to),
    quantity: movement.quantity,
    unit_cost: movement.unitCost,
    expected_on_hand: movement.expectedOnHand,
    reverses: movement.reverses,
    occurred_at: movement.occurredAt,
    external_id: movement.externalId,
    reference: movement.reference,
    reference_line: movement.referenceLine,
    reason_code: movement.reasonCode,
    cost_center: movement.costCenter,
    work_order: movement.workOrder,
    note: movement.note,
  };
}

const referenceColumns = (name: string, reference: Reference | undefined) => ({
  [`${name}_key`]: reference?.key,
  [`${name}_digits`]: reference?.digits,
  [`${name}_id`]: reference?.id,
});

type OutcomeRow =
  | Refusal
  | { refusal: null; movement_id: number | null; part_id: number; sku: string; on_hand: number; unit: string };

function outcomeOf(row: OutcomeRow): RecordedMovement | Refusal {
  if (row.refusal !== null) return row;
  const { movement_id: movementId, part_id: partId, sku, on_hand: onHand, unit } = row;
  return { refusal: null, movementId, partId, sku, onHand, unit };
}
