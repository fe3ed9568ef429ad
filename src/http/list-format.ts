import type { Context } from 'koa';
import Negotiator from 'negotiator';

export type ListFormat = 'json' | 'csv';

/** How a list is to be answered: JSON unless the client prefers CSV. Who admits neither gets JSON, as ever before there was CSV. */
export function readListFormat(ctx: Context): ListFormat {
  ctx.vary('Accept');
  const header = ctx.get('Accept').trim();
  if (header === '') return 'json';
  const negotiator = new Negotiator({ headers: { accept: withoutParameters(header) } });
  return negotiator.mediaType(['application/json', 'text/csv']) === 'text/csv' ? 'csv' : 'json';
}

/** `application/json; charset=utf-8` is JSON too: of the parameters only the weight matters. */
const withoutParameters = (header: string) => header.replace(/;\s*(?!q\s*=)[^;,]*/gi, '');
