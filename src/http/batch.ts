import { ApiError, unprocessable } from '../errors.ts';
import { field, refuse } from './fields.ts';
import { isObject } from './validate.ts';

export const maxBatchItems = 1_000;
export const batchLimitBytes = 8 * 1024 * 1024;

/** The items of a batch of `noun` (a plural), in order; undefined in the place of one that is no object. */
export const batchItems = (noun: string) =>
  field(
    (value) => {
      if (!Array.isArray(value) || value.length === 0 || value.length > maxBatchItems) {
        return refuse(`must be a list of 1 to ${maxBatchItems} ${noun}`);
      }
      return value.map((item) => (isObject(item) ? item : undefined));
    },
    { type: 'array', minItems: 1, maxItems: maxBatchItems, items: { type: 'object' } },
  );

/** What `read` makes of an item, or the error that it throws. */
export const readItem = <T>(item: Record<string, unknown> | undefined, read: (item: Record<string, unknown>) => T) =>
  orError(() => {
    if (item === undefined) throw unprocessable('It must be an object.');
    return read(item);
  });

/** What `work` answers, or the refusal that it throws. */
export function orError<T>(work: () => T): T | ApiError {
  try {
    return work();
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
}

const maxNamed = 10;

/** Throws one 422 for all items that are not well-formed, naming the index of each, when there is one. */
export function refuseFaults(list: string, items: unknown[]): void {
  const faults = items.flatMap((item, index) => (item instanceof ApiError ? [at(list, index, item)] : []));
  if (faults.length > 0) throw unprocessable(faults.slice(0, maxNamed).join(' '));
}

/** The error of an atomic batch for one of its items. */
export const itemError = (list: string, index: number, error: ApiError) =>
  new ApiError(error.status, error.code, at(list, index, error));

/** The result of an item that was refused by itself. */
export const presentRefusal = ({ status, code, message }: ApiError) => ({ status, error: { code, message } });

const at = (list: string, index: number, { message }: ApiError) => `\`${list}[${index}]\`: ${message}`;
