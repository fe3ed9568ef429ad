import { z } from 'zod';
import { ApiError, unprocessable } from '../../errors.ts';
import { field, flag, refuse } from '../../http/fields.ts';
import { validate, withoutNulls } from '../../http/validate.ts';
import type { RecordedMovement } from './record-movements.ts';
import { type Refusal, refusalError } from './refusal.ts';
import { type NewMovement, readNewMovement } from './schema.ts';

export const maxBatchItems = 1_000;

const items = field(
  (value) => {
    if (!Array.isArray(value) || value.length === 0) return refuse('must be a list of at least one movement');
    if (value.length > maxBatchItems) return refuse(`must be a list of at most ${maxBatchItems} movements`);
    return value.map((item) => (isObject(item) ? withoutNulls(item) : undefined));
  },
  { type: 'array', minItems: 1, maxItems: maxBatchItems, items: { type: 'object' } },
);

const Batch = z.strictObject({ movements: items, atomic: flag.optional(), dryRun: flag.optional() });

/** `movements` in the order of the request; an `ApiError` in the place of one that is not well-formed. */
export interface MovementBatch {
  movements: (NewMovement | ApiError)[];
  atomic: boolean;
  dryRun: boolean;
}

/** Reads the body of `POST /movements/batch`. Throws 422; of an atomic batch also for an item, naming its index. */
export function readBatch(body: Record<string, unknown>): MovementBatch {
  const { movements: given, atomic = true, dryRun = false } = validate(Batch, body);
  const movements = given.map(readItem);
  const faults = movements.flatMap((item, index) => (item instanceof ApiError ? [at(index, item)] : []));
  if (atomic && faults.length > 0) throw unprocessable(faults.slice(0, maxNamed).join(' '));
  return { movements, atomic, dryRun };
}

const maxNamed = 10;

function readItem(item: Record<string, unknown> | undefined): NewMovement | ApiError {
  try {
    return item === undefined ? unprocessable('It must be an object.') : readNewMovement(item);
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
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
  return movements.map((item, index) => {
    const error = item instanceof ApiError ? item : undefined;
    const outcome = error === undefined ? next.next().value : undefined;
    if (outcome?.refusal === null) {
      const { refusal: _, movementId, ...summary } = outcome;
      const recorded = { ...summary, movementId: dryRun ? null : movementId };
      return atomic ? recorded : { status: dryRun ? 200 : 201, ...recorded };
    }
    const refused = error ?? refusalOf(outcome, item);
    if (atomic) throw new ApiError(refused.status, refused.code, at(index, refused));
    return { status: refused.status, error: { code: refused.code, message: refused.message } };
  });
}

function refusalOf(outcome: Refusal | undefined, item: NewMovement | ApiError): ApiError {
  if (outcome === undefined || item instanceof ApiError) throw new Error('a movement of the batch has no outcome');
  return refusalError(outcome, item);
}

const at = (index: number, { message }: ApiError) => `\`movements[${index}]\`: ${message}`;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
