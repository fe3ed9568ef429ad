import type { Context } from 'koa';
import type { z } from 'zod';
import { badRequest, unsupportedMediaType } from '../errors.ts';
import { field, missing, refuse } from '../http/fields.ts';
import { NumberLiteral } from '../http/json.ts';
import { readBody } from '../http/json-body.ts';
import { maxPasswordLength, minPasswordLength } from '../people/password.ts';
import type { Messages } from './i18n/index.ts';
import { refusalIn } from './i18n/refusals.ts';
import type { Visitor } from './visit.ts';

/** What a form sent, by field; of a field that came several times, each value. */
export interface Sent {
  /** The last value, trimmed of nothing: undefined when the field did not come. */
  get(name: string): string | undefined;
  all(name: string): string[];
  /** Everything, in order. */
  entries(): [name: string, value: string][];
}

/** A form as it is shown: what was typed, and what is wrong with it. */
export interface FormState<Field extends string = string> {
  /** Of a field of several values, each on a line of its own: see `severalOf`. */
  values: Partial<Record<Field, string>>;
  /** By field; the sentence stands beside it. */
  errors: Partial<Record<Field, string>>;
}

export const emptyForm: FormState = { values: {}, errors: {} };

/** Reads an `application/x-www-form-urlencoded` body. Throws 400, 413 or 415. */
export async function readForm(ctx: Context): Promise<Sent> {
  if (!ctx.request.is('application/x-www-form-urlencoded')) throw unsupportedMediaType('Send the page’s own form.');
  const fields = new URLSearchParams(decode(await readBody(ctx)));
  return { get: (name) => fields.getAll(name).at(-1), all: (name) => fields.getAll(name), entries: () => [...fields] };
}

/** A form that was sent by GET: its fields are the query. */
export const querySent = (ctx: Context): Sent => {
  const all = (name: string) => [ctx.query[name] ?? []].flat();
  return {
    get: (name) => all(name).at(-1),
    all,
    entries: () => Object.keys(ctx.query).flatMap((name) => all(name).map((value): [string, string] => [name, value])),
  };
};

/** For fields of several values (checkboxes): `get` answers each on a line of its own, '' when none is chosen. */
export const severalOf = (sent: Sent, names: readonly string[]): Sent => ({
  ...sent,
  get: (name) => (names.includes(name) ? sent.all(name).join('\n') : sent.get(name)),
});

/** What `severalOf` joined, for the schema. */
export const linesOf = (value: unknown): unknown => (typeof value === 'string' ? value.split('\n') : []);

/** A number as JSON would have brought it, for the schemas of the API. */
export const numberIn = (value: unknown): unknown =>
  typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value.trim()) ? new NumberLiteral(value.trim()) : value;

/** Makes of what was typed what the API's body would hold, for example a number. */
export type Readers<Field extends string> = Partial<Record<Field, (text: string) => unknown>>;

/**
 * Judges a form by the schema that the API's body has, so that both allow the same. Blank fields count as absent. Answers
 * the input, or the form to show again (with status 422) with each message in the visitor's language.
 */
export function parseForm<T, Field extends string>(
  { t }: Pick<Visitor, 't'>,
  schema: z.ZodType<T>,
  sent: Sent,
  fields: readonly Field[],
  readers: Readers<Field> = {},
): { input: T } | { form: FormState<Field> } {
  const values: Partial<Record<Field, string>> = {};
  const body: Record<string, unknown> = {};
  for (const field of fields) {
    const text = sent.get(field);
    values[field] = text;
    if (text !== undefined && text.trim() !== '') body[field] = readers[field]?.(text) ?? text;
  }
  const judged = judge({ t }, schema, body, fields);
  return 'input' in judged ? judged : { form: { values, errors: judged.errors } };
}

/** Judges a body that was made of a form: the input, or what is wrong with each field, in the visitor's language. */
export function judge<T, Field extends string>(
  { t }: Pick<Visitor, 't'>,
  schema: z.ZodType<T>,
  body: Record<string, unknown>,
  fields: readonly Field[],
): { input: T } | { errors: FormState<Field>['errors'] } {
  const parsed = schema.safeParse(body);
  if (parsed.success) return { input: parsed.data };
  const errors: FormState<Field>['errors'] = {};
  for (const issue of parsed.error.issues) {
    const field = fields.find((name) => name === issue.path[0]);
    if (field === undefined) throw new Error(`The form has no field ${issue.path.join('.')}: ${issue.message}`);
    errors[field] ??= messageOf(t, issue.message);
  }
  return { errors };
}

/** Somebody's address: enough to tell a typing error from an address. What is there only sending would show. */
export const email = field(
  (value) => {
    if (typeof value !== 'string' || !/^[^\s@\p{Cc}]+@[^\s@\p{Cc}]+\.[^\s@\p{Cc}]+$/u.test(value.trim()))
      return refuse('must be an e-mail address');
    return value.length > maxEmailLength ? refuse(`must be at most ${maxEmailLength} characters`) : value.trim();
  },
  { type: 'string', format: 'email' },
);
const maxEmailLength = 254;

/** A password that is being chosen; taken as typed. */
export const newPassword = field(
  (value) => {
    if (typeof value !== 'string' || value.length < minPasswordLength)
      return refuse(`must be at least ${minPasswordLength} characters`);
    return value.length > maxPasswordLength ? refuse(`must be at most ${maxPasswordLength} characters`) : value;
  },
  { type: 'string', minLength: minPasswordLength, maxLength: maxPasswordLength },
);

const messageOf = (t: Messages, message: string) => (message === missing ? t.form.required : refusalIn(t, message));

function decode(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  if (text.includes('\uFFFD')) throw badRequest('The form is not valid UTF-8.');
  return text;
}
