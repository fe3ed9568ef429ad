import { z } from 'zod';
import { ApiError } from '../../errors.ts';
import { batchItems, itemError, presentRefusal, readItem, refuseFaults } from '../../http/batch.ts';
import { flag } from '../../http/fields.ts';
import { validate, withoutNulls } from '../../http/validate.ts';
import type { RecordedMovement } from './record-movements.ts';
import { type Refusal, refusalError } from './refusal.ts';
import { type NewMovement, readNewMovement } from './schema.ts';

const Batch = z.strictObject({ movements: batchItems('movements'), atomic: flag.optional(), dryRun: flag.optional() });

/** `movements` in the order of the request; an `ApiError` in the place of one that is not well-formed. */
export interface MovementBatch {
  movements: (NewMovement | ApiError)[];
  atomic: boolean;
  dryRun: boolean;
}

/** Reads the body of `POST /movements/batch`. Throws 422; of an atomic batch also for an item, naming its index. */
export function readBatch(body: Record<string, unknown>): MovementBatch {
  const { movements: given, atomic = true, dryRun = false } = validate(Batch, body);
  const movements = given.map((item) => readItem(item, (body) => readNewMovement(withoutNulls(body))));
  if (atomic) refuseFaults('movements', movements);
  return { movements, atomic, dryRun };
}

export const wellFormed = ({ movements }: MovementBatch): NewMovement[] =>
  movements.filter((item): item is NewMovement => !(item instanceof ApiError));

/**
 * One result for each item, in order: of an atomic batch what `POST /movements` answers, and the row's id; otherwise that or
 * the error, under its status. Throws the first refusal of an atomic batch, naming the item's index.
 */
export function presentBatch(
  { movements, atomic, dryRun }: MovementBatch,
  outcomes: (RecordedMovement | Refusal)[],
): object[] {
  const next = outcomes.values();
  const passing = new Map<number | null, number>(); // by the movement id that each got, if only until the batch was undone
  const isUndone = atomic || dryRun; // as it is whenever an error is shown
  return movements.map((item, index) => {
    const error = item instanceof ApiError ? item : undefined;
    const outcome = error === undefined ? next.next().value : undefined;
    if (outcome?.refusal === null) {
      const { refusal: _, movementId, ...summary } = outcome;
      if (isUndone) passing.set(movementId, index);
      const recorded = { ...summary, movementId: dryRun ? null : movementId };
      return atomic ? recorded : { status: dryRun ? 200 : 201, ...recorded };
    }
    const earlier = outcome === undefined ? undefined : passing.get(outcome.existing_id);
    const refused = error ?? refusalOf(outcome, item, earlier);
    if (atomic) throw itemError('movements', index, refused);
    return presentRefusal(refused);
  });
}

function refusalOf(outcome: Refusal | undefined, item: NewMovement | ApiError, earlier: number | undefined): ApiError {
  if (outcome === undefined || item instanceof ApiError) throw new Error('a movement of the batch has no outcome');
  return refusalError(outcome, item, earlier === undefined ? undefined : `\`movements[${earlier}]\``);
}
