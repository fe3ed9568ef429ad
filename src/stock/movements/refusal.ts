import { type ApiError, conflict, insufficientStock, unprocessable } from '../../errors.ts';
import { disagreement, type Reference, unknownId, unknownName } from './reference.ts';
import type { MovementKind, NewMovement } from './schema.ts';

/** Why `record_movements` did not record an item. */
export interface Refusal {
  refusal:
    | 'unknown_name'
    | 'unknown_id'
    | 'disagree'
    | 'same_location'
    | 'archived'
    | 'insufficient_stock'
    | 'too_much'
    | 'too_valuable'
    | 'unexpected_on_hand'
    | 'external_id_taken'
    | 'unknown_movement'
    | 'already_reversed'
    | 'reverses_another';
  refused_ref: 'part' | 'location' | 'to' | null;
  available: number | null;
  existing_id: number | null;
  sku: string | null;
  unit: string | null;
}

const quantityFields: Record<MovementKind, string> = {
  adjust: 'qtyDelta',
  count: 'target',
  receive: 'qty',
  consume: 'qty',
  transfer: 'qty',
};

/**
 * The error that a client sees for it: 422, or 409 where the books say something else than the request expects. `earlier` is the
 * item of an undone batch that stood in the way: the movement it got exists no more.
 */
export function refusalError(refusal: Refusal, movement: NewMovement, earlier?: string): ApiError {
  const reference: Reference =
    (refusal.refused_ref === null ? undefined : movement[refusal.refused_ref]) ?? movement.part;
  const quantity = movement.reverses === undefined ? `\`${quantityFields[movement.kind]}\`` : '`reverses`';
  switch (refusal.refusal) {
    case 'unknown_name':
      return unknownName(reference);
    case 'unknown_id':
      return unknownId(reference);
    case 'disagree':
      return disagreement(reference.field);
    case 'same_location':
      return unprocessable('`from` and `to` are the same location.');
    case 'archived':
      return unprocessable(`The part "${refusal.sku}" is archived.`);
    case 'insufficient_stock':
      return insufficientStock(
        `${quantity} ${movement.quantity ?? movement.reverses} cannot be taken: ${refusal.available} ${refusal.unit} available at this location.`,
      );
    case 'too_much':
      return unprocessable(`${quantity} takes the stock beyond 999999999.999999.`);
    case 'too_valuable':
      return unprocessable(`${quantity} takes the stock's value beyond ${Number.MAX_SAFE_INTEGER} cents.`);
    case 'unexpected_on_hand':
      return conflict(
        `\`expectedOnHand\` ${movement.expectedOnHand} does not match: ${refusal.available} ${refusal.unit} are on hand at this location.`,
      );
    case 'external_id_taken':
      return conflict(
        earlier === undefined
          ? `\`externalId\` "${movement.externalId}" was recorded before, as movement ${refusal.existing_id}.`
          : `\`externalId\` "${movement.externalId}" is that of ${earlier} too.`,
      );
    case 'unknown_movement':
      return unprocessable(`\`reverses\` ${movement.reverses} does not exist.`);
    case 'already_reversed':
      return conflict(
        `Movement ${movement.reverses} is reversed already, by ${earlier ?? `movement ${refusal.existing_id}`}.`,
      );
    case 'reverses_another':
      return unprocessable(`Movement ${movement.reverses} is of another part or location than the ones given.`);
  }
}
