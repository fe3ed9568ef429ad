import type { Context } from 'koa';
import { z } from 'zod';
import { badRequest } from '../errors.ts';

/**
 * Reads the query string, of which only `allowed` parameters are known, each at most once.
 * Throws 400 for any other: a mistyped filter must not answer unfiltered rows.
 */
export function readQuery<const T extends string>(ctx: Context, allowed: readonly T[]): Partial<Record<T, string>> {
  decodeURIComponent(ctx.querystring.replaceAll('+', ' ')); // a URIError is 400
  const query: Partial<Record<T, string>> = {};
  for (const [name, value] of Object.entries(ctx.query)) {
    const known = allowed.find((parameter) => parameter === name);
    if (known === undefined) throw badRequest(unknownParameter(name, allowed));
    if (typeof value !== 'string') throw badRequest(`The query parameter \`${name}\` is given more than once.`);
    query[known] = value;
  }
  return query;
}

/** A numeric id in a path or query. Only digits without a leading zero can be one: `007` is a sku. */
export function asId(text: string): number | undefined {
  if (!/^[1-9]\d*$/.test(text)) return undefined;
  return Math.min(Number(text), Number.MAX_SAFE_INTEGER); // beyond it there is no id, and this one is never given
}

/** The id in a filter. Throws 400. */
export function readId(name: string, text: string | undefined): number | undefined {
  const id = text === undefined ? undefined : asId(text);
  if (text !== undefined && id === undefined) throw badRequest(`\`${name}\` must be a numeric id.`);
  return id;
}

export const isUuid = (text: string) => z.uuid().safeParse(text).success;

/** Throws 400 unless it is `true` or `false`. */
export function readFlag(name: string, text: string | undefined): boolean | undefined {
  const flag = readChoice(name, text, ['true', 'false']);
  return flag === undefined ? undefined : flag === 'true';
}

/** Throws 400 unless it is one of `choices`. */
export function readChoice<const T extends string>(
  name: string,
  text: string | undefined,
  choices: readonly T[],
): T | undefined {
  if (text === undefined) return undefined;
  const choice = choices.find((known) => known === text);
  if (choice === undefined) throw badRequest(`\`${name}\` must be one of ${choices.join(', ')}.`);
  return choice;
}

/** Throws 400 unless it is an ISO 8601 instant of the years 1 to 9999. */
export function readInstant(name: string, text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  const at = new Date(z.iso.datetime({ offset: true }).safeParse(text).data ?? Number.NaN);
  const year = at.getUTCFullYear();
  if (year >= 1 && year <= 9999) return at;
  throw badRequest(`\`${name}\` must be an ISO 8601 instant such as 2026-01-31T08:00:00Z.`);
}

/** Throws 400 when it is blank or longer than anything that can be found. */
export function readSearch(name: string, text: string | undefined): string | undefined {
  if (text !== undefined && (text.trim() === '' || text.length > maxSearchLength)) {
    throw badRequest(`\`${name}\` must be 1 to ${maxSearchLength} characters, and not only spaces.`);
  }
  return text;
}

export const maxSearchLength = 255;

function unknownParameter(name: string, allowed: readonly string[]): string {
  const known = allowed.length === 0 ? 'it takes none' : `it takes ${allowed.map((a) => `\`${a}\``).join(', ')}`;
  return `Unknown query parameter \`${name.slice(0, 100)}\`; ${known}.`;
}
