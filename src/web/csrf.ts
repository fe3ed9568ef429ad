import type { Middleware } from 'koa';
import { foreignForm } from '../errors.ts';

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Only our own pages may change anything: the browser says in `Sec-Fetch-Site` where a request comes from. Over plain http
 * to another machine (and from old browsers) that header is missing; then `Origin` must be ours. Neither: refused, for our forms
 * always send one. Throws 403.
 */
export function sameOriginOnly({ origin }: { origin: string | undefined }): Middleware {
  return async (ctx, next) => {
    if (!safeMethods.has(ctx.method)) {
      const site = ctx.get('Sec-Fetch-Site');
      const own = origin ?? `http://${ctx.get('Host')}`;
      const isOwn = site === '' ? ctx.get('Origin') === own : site === 'same-origin';
      if (!isOwn) throw foreignForm();
    }
    await next();
  };
}
