import type { ApiError } from '../../errors.ts';
import type { Refusal } from '../movements/refusal.ts';
import type { ImportColumn } from './columns.ts';

/** What is wrong with a row of a file. */
export interface Fault {
  line: number;
  /** The column at fault, and what stands there. */
  field?: ImportColumn | undefined;
  value?: string | undefined;
  reason:
    | { kind: 'field'; predicate: string }
    | { kind: 'repeated'; line: number }
    | { kind: 'cells'; count: number; expected: number }
    | { kind: 'part'; error: ApiError }
    | { kind: 'movement'; refusal: Refusal };
}

/** What an import would do, or did: rows by what comes of them. */
export interface ImportCounts {
  created: number;
  updated: number;
  unchanged: number;
}

export const byLine = (one: Fault, other: Fault) => one.line - other.line;
