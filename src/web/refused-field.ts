import { ApiError } from '../errors.ts';

/** The field that a refusal of the API is about, which its message begins with in backticks; undefined for any other error. */
export function refusedField(error: unknown): string | undefined {
  if (!(error instanceof ApiError) || ![409, 422].includes(error.status)) return undefined;
  return /`([a-zA-Z]+)(\[\d+\])?`/.exec(error.message)?.[1];
}
