import type { z } from 'zod';
import { unprocessable } from '../errors.ts';
import { missing } from './fields.ts';

/** On POST a null is the same as absent. */
export function withoutNulls(body: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null));
}

/** A JSON object, of which parsed numbers (`NumberLiteral`) are none. */
export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;

/**
 * Parses a request body. Throws one 422 that names every field at fault, the missing ones first; `absent` are missing
 * fields that the schema alone cannot tell (one of two must be there).
 */
export function validate<T>(schema: z.ZodType<T>, body: Record<string, unknown>, absent: string[] = []): T {
  const parsed = schema.safeParse(body);
  if (parsed.success && absent.length === 0) return parsed.data;
  throw unprocessable(describe(parsed.error?.issues ?? [], absent));
}

/**
 * Reads a JSON Merge Patch (RFC 7396). Read-only fields pass unread, so that an object can be fetched, edited and sent back
 * whole; null clears a clearable field. Throws 422 for a null elsewhere, and as `validate` does.
 */
export function readMergePatch<T, const Clearable extends string>(
  schema: z.ZodType<T>,
  body: Record<string, unknown>,
  { readOnly, clearable }: { readOnly: readonly string[]; clearable: readonly Clearable[] },
): T & Partial<Record<Clearable, null>> {
  const fields = Object.entries(body).filter(([field]) => !readOnly.includes(field));
  const nulls = fields.filter(([, value]) => value === null).map(([field]) => field);
  const refused = nulls.filter((field) => !clearable.some((known) => known === field));
  if (refused.length > 0) throw unprocessable(refused.map((field) => `\`${field}\` cannot be null.`).join(' '));
  const set = validate(schema, Object.fromEntries(fields.filter(([, value]) => value !== null)));
  const cleared: Partial<Record<Clearable, null>> = {};
  for (const field of clearable) if (body[field] === null) cleared[field] = null;
  return { ...set, ...cleared };
}

function describe(issues: z.core.$ZodIssue[], alsoAbsent: string[]): string {
  const absent = [
    ...alsoAbsent.map((name) => quote([name])),
    ...issues.filter((issue) => issue.message === missing).map((issue) => quote(issue.path)),
  ];
  const unknown = issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys' ? issue.keys.map((key) => quote([...issue.path, shortened(key)])) : [],
  );
  const others = issues.filter((issue) => issue.message !== missing && issue.code !== 'unrecognized_keys');
  return [
    ...(absent.length > 0 ? [`${listed(absent)} ${absent.length === 1 ? 'is' : 'are'} required.`] : []),
    ...others.map((issue) => `${quote(issue.path)} ${issue.message}.`),
    ...unknown.slice(0, maxNamed).map((field) => `${field} is not a field that this request takes.`),
  ].join(' ');
}

const maxNamed = 20;
const shortened = (text: string) => (text.length > 100 ? `${text.slice(0, 100)}…` : text);

/** `list[0].field` */
const quote = (path: PropertyKey[]) =>
  `\`${path.map((key, depth) => (typeof key === 'number' ? `[${key}]` : `${depth > 0 ? '.' : ''}${String(key)}`)).join('')}\``;

/** "a", "a and b", "a, b and c". */
function listed(names: string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
