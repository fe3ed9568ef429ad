import type { Context } from 'koa';
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

/** The id that a filter names. Throws 400 for what can be none. */
export function filterId(parameter: string, text: string): number {
  const id = asId(text);
  if (id === undefined || String(id) !== text) throw badRequest(`\`${parameter}\` must be a numeric id.`);
  return id;
}

function unknownParameter(name: string, allowed: readonly string[]): string {
  const known = allowed.length === 0 ? 'it takes none' : `it takes ${allowed.map((a) => `\`${a}\``).join(', ')}`;
  return `Unknown query parameter \`${name.slice(0, 100)}\`; ${known}.`;
}
