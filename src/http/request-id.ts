import { randomUUID } from 'node:crypto';
import type { Middleware } from 'koa';
import type { Logger } from '../log.ts';

/** Gives each request its id, shown in `X-Request-Id` and in the one log line that is written when it is answered. */
export function requestId(log: Logger): Middleware {
  return async (ctx, next) => {
    const startedAtMs = performance.now();
    ctx.state.requestId = randomUUID();
    ctx.set('X-Request-Id', ctx.state.requestId);
    await next();
    log.debug({
      requestId: ctx.state.requestId,
      method: ctx.method,
      path: ctx.state.shownPath ?? ctx.path, // a one-time link's path is a secret
      status: ctx.status,
      keyId: ctx.state.key?.id,
      durationMs: Math.round(performance.now() - startedAtMs),
    });
  };
}
