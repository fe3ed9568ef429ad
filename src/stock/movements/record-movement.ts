import type { Pool } from 'pg';
import { insufficientStock, unprocessable } from '../../errors.ts';
import type { ApiKey } from '../../organizations/api-key.ts';
import { disagreement, type Reference, unknownId, unknownName } from './reference.ts';
import type { NewMovement } from './schema.ts';

export interface RecordedMovement {
  movementId: number;
  partId: number;
  sku: string;
  /** The part's total over all locations. */
  onHand: number;
  unit: string;
  /** How many deliveries now wait for the dispatcher. */
  deliveries: number;
}

/**
 * Records one movement: ledger row (a transfer: two), levels, events and deliveries, in the one transaction of the
 * database function `record_movement`. Throws 422 and has then written nothing.
 */
export async function recordMovement(
  { pool, key }: { pool: Pool; key: ApiKey },
  input: NewMovement,
): Promise<RecordedMovement> {
  const { part, location, to } = input;
  const { rows } = await pool.query<ResultRow>({
    name: 'record-movement',
    text: 'select * from record_movement($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15)',
    values: [
      key.organizationId,
      key.id,
      input.kind,
      ...[part.key, part.digits, part.id],
      ...[location.key, location.digits, location.id],
      ...[to?.key, to?.digits, to?.id],
      input.quantity,
      input.unitCost,
      input.note,
    ],
  });
  const row = rows[0];
  if (row === undefined) throw new Error('record_movement answered no row');
  if (row.refusal !== null) throw refusal(row, input);
  return {
    movementId: Number(row.movement_id),
    partId: Number(row.part_id),
    sku: row.sku,
    onHand: Number(row.on_hand),
    unit: row.unit,
    deliveries: row.deliveries,
  };
}

interface ResultRow {
  refusal: 'unknown_name' | 'unknown_id' | 'disagree' | 'same_location' | 'insufficient_stock' | 'too_much' | null;
  refused_ref: 'part' | 'location' | 'to' | null;
  available: string;
  movement_id: string;
  part_id: string;
  sku: string;
  on_hand: string;
  unit: string;
  deliveries: number;
}

function refusal(row: ResultRow, input: NewMovement): Error {
  const reference: Reference = (row.refused_ref === null ? undefined : input[row.refused_ref]) ?? input.part;
  const quantityField = { adjust: 'qtyDelta', count: 'target', receive: 'qty', consume: 'qty', transfer: 'qty' }[
    input.kind
  ];
  switch (row.refusal) {
    case 'unknown_name':
      return unknownName(reference);
    case 'unknown_id':
      return unknownId(reference);
    case 'disagree':
      return disagreement(reference.field);
    case 'same_location':
      return unprocessable('`from` and `to` are the same location.');
    case 'insufficient_stock':
      return insufficientStock(
        `\`${quantityField}\` ${input.quantity} cannot be taken: ${row.available} ${row.unit} available at this location.`,
      );
    default:
      return unprocessable(`\`${quantityField}\` takes the stock beyond 999999999.999999.`);
  }
}
