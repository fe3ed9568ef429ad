import { Decimal } from 'decimal.js';
import { z } from 'zod';
import type { oas31 } from 'zod-openapi';
import { tidyName } from '../fold-name.ts';
import { NumberLiteral } from './json.ts';

/** Field types of request bodies. A message is the predicate of a sentence whose subject is the field. */

export const missing = 'is required';

class Refusal extends Error {}

/** The same in JSON Schema's words, for the API's description; what those cannot say is in its `description`. */
export type JsonSchema = oas31.SchemaObject;

/** A field read by a function that calls `refuse` with the predicate of a sentence; `id` names its schema. */
export function field<T>(read: (value: unknown) => T, schema: JsonSchema, id?: string) {
  // Of `unknown`, for a bare transform counts as optional where it is described.
  const transform = z.unknown().transform((value, ctx): T => {
    try {
      if (value === undefined) throw new Refusal(missing);
      return read(value);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      ctx.issues.push({ code: 'custom', message: error.message, input: value });
      return z.NEVER;
    }
  });
  return transform.meta({ override: schema, ...(id === undefined ? {} : { id }) });
}

const control = '\\x00-\\x1f\\x7f-\\x9f';
const oneLineSchema = (maxLength: number): JsonSchema => ({
  type: 'string',
  minLength: 1,
  maxLength,
  pattern: `^[^${control}]*[^${control}\\s][^${control}]*$`,
});

/** A sku, name or unit: one line, trimmed, NFC. A blank one counts as missing. */
export const label = (maxLength: number) =>
  field((value) => oneLine(string(value, maxLength)), oneLineSchema(maxLength));

function oneLine(value: string): string {
  const text = tidyName(value);
  if (text === '') throw new Refusal(missing);
  if (/\p{Cc}/u.test(text)) throw new Refusal('must not contain control characters');
  return text;
}

/** One line of text that may be left out, but not blank: trimmed, NFC. */
export const line = (maxLength: number) =>
  field((value) => {
    const text = string(value, maxLength);
    return text.trim() === '' ? refuse('must not be blank') : oneLine(text);
  }, oneLineSchema(maxLength));

/** Free text of several lines, kept as sent. */
export const text = (maxLength: number) =>
  field(
    (value) => {
      const text = string(value, maxLength);
      if (/[^\P{Cc}\t\n\r]/u.test(text)) {
        throw new Refusal('must not contain control characters other than tabs and line breaks');
      }
      return text;
    },
    { type: 'string', maxLength, pattern: '^[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*$' },
  );

const maxQuantity = '999999999.999999';
const maxDecimals = 6;

/** An exact decimal, as the string that PostgreSQL's numeric takes. */
const decimal = (check: (quantity: Decimal) => void, bounds: JsonSchema) =>
  field(
    (value) => {
      const quantity = number(value);
      if (quantity.abs().greaterThan(maxQuantity)) throw new Refusal(`must be at most ${maxQuantity}`);
      if (quantity.decimalPlaces() > maxDecimals) throw new Refusal(`must have at most ${maxDecimals} decimals`);
      check(quantity);
      return quantity.toFixed();
    },
    { type: 'number', maximum: Number(maxQuantity), description: `At most ${maxDecimals} decimals.`, ...bounds },
  );

export const positiveQuantity = decimal(
  (quantity) => {
    if (!quantity.greaterThan(0)) throw new Refusal('must be greater than 0');
  },
  { exclusiveMinimum: 0 },
);

export const nonNegativeQuantity = decimal(
  (quantity) => {
    if (quantity.lessThan(0)) throw new Refusal('must not be less than 0');
  },
  { minimum: 0 },
);

export const nonZeroQuantity = decimal(
  (quantity) => {
    if (quantity.isZero()) throw new Refusal('must not be 0');
  },
  { minimum: -Number(maxQuantity), not: { const: 0 } },
);

/** Money: integer cents. */
export const cents = field(
  (value) => {
    const amount = number(value);
    if (!amount.isInteger() || amount.lessThan(0)) throw new Refusal('must be a whole number of cents, 0 or more');
    if (amount.greaterThan(Number.MAX_SAFE_INTEGER)) throw new Refusal(`must be at most ${Number.MAX_SAFE_INTEGER}`);
    return amount.toNumber();
  },
  {
    type: 'integer',
    format: 'int64',
    minimum: 0,
    maximum: Number.MAX_SAFE_INTEGER,
    description: 'Money: integer cents.',
  },
);

export const wholeNumber = ({ min, max }: { min: number; max: number }) =>
  field(
    (value) => {
      const whole = number(value);
      if (!whole.isInteger() || whole.lessThan(min) || whole.greaterThan(max)) {
        throw new Refusal(`must be a whole number from ${min} to ${max}`);
      }
      return whole.toNumber();
    },
    { type: 'integer', minimum: min, maximum: max },
  );

/** Of 64 bits: generated clients otherwise take 32. */
export const idSchema: JsonSchema = { type: 'integer', format: 'int64', minimum: 1, maximum: Number.MAX_SAFE_INTEGER };
export const id = field((value) => idFrom(number(value)), idSchema);

/** A numeric id, or a sku or name. */
export const idOrName = field(
  (value) => {
    if (typeof value === 'string') return oneLine(string(value));
    if (value instanceof NumberLiteral) return idFrom(number(value));
    return refuse('must be an id (a number) or a name (a string)');
  },
  {
    oneOf: [idSchema, { ...oneLineSchema(255), maxLength: undefined }],
    description: 'An id (a number), or a sku or name (a string).',
  },
  'IdOrName',
);

export const flag = field((value) => (typeof value === 'boolean' ? value : refuse('must be true or false')), {
  type: 'boolean',
});

const instantSchema: JsonSchema = { type: 'string', format: 'date-time', examples: ['2026-01-31T08:00:00Z'] };
export const instant = field(instantFrom, instantSchema);

/** A clock that runs a little ahead of ours is no reason to refuse. */
const clockToleranceMs = 5 * 60_000;

export const pastInstant = field(
  (value) => {
    const at = instantFrom(value);
    return at.getTime() > Date.now() + clockToleranceMs ? refuse('must not be in the future') : at;
  },
  { ...instantSchema, description: 'Not in the future.' },
);

/** Years of fewer digits are not read alike by everyone; what they come from is mostly a program's word for "none". */
const earliestMs = Date.parse('1000-01-01T00:00:00Z');

function instantFrom(value: unknown): Date {
  const parsed = z.iso.datetime({ offset: true }).safeParse(value);
  const at = new Date(parsed.data ?? Number.NaN);
  return at.getTime() >= earliestMs ? at : refuse('must be an ISO 8601 instant such as 2026-01-31T08:00:00Z');
}

export const oneOf = <const T extends string>(choices: readonly T[]) =>
  field((value): T => choices.find((choice) => choice === value) ?? refuse(`must be one of ${choices.join(', ')}`), {
    type: 'string',
    enum: [...choices],
  });

function idFrom(value: Decimal): number {
  if (!value.isInteger() || value.lessThan(1)) throw new Refusal('must be a positive whole number when it is an id');
  if (value.greaterThan(Number.MAX_SAFE_INTEGER)) throw new Refusal('is not an id of anything');
  return value.toNumber();
}

function number(value: unknown): Decimal {
  if (!(value instanceof NumberLiteral)) throw new Refusal('must be a number');
  const number = new Decimal(value.source);
  const underflowed = number.isZero() && /[1-9]/.test(value.source.split(/e/i)[0] ?? '');
  if (underflowed) throw new Refusal(`must have at most ${maxDecimals} decimals`);
  return number;
}

function string(value: unknown, maxLength = Number.POSITIVE_INFINITY): string {
  if (typeof value !== 'string') throw new Refusal('must be a string');
  if (!value.isWellFormed()) throw new Refusal('must be valid Unicode');
  if (value.length > maxLength) throw new Refusal(`must be at most ${maxLength} characters`);
  return value;
}

export function refuse(message: string): never {
  throw new Refusal(message);
}
