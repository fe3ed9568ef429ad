import type { Context } from 'koa';
import Negotiator from 'negotiator';
import { notAcceptable } from '../errors.ts';

export type ListFormat = 'json' | 'csv';

/** How a list is to be answered: JSON unless the client prefers CSV. Throws 406 for an `Accept` that admits neither. */
export function readListFormat(ctx: Context): ListFormat {
  ctx.vary('Accept');
  const header = ctx.get('Accept').trim();
  if (header === '') return 'json';
  const negotiator = new Negotiator({ headers: { accept: withoutParameters(header) } });
  const type = negotiator.mediaType(['application/json', 'text/csv']);
  if (type === undefined) throw notAcceptable('A list is answered as `application/json` or `text/csv`.');
  return type === 'text/csv' ? 'csv' : 'json';
}

/** `application/json; charset=utf-8` is JSON too: of the parameters only the weight matters. */
const withoutParameters = (header: string) => header.replace(/;\s*(?!q\s*=)[^;,]*/gi, '');
