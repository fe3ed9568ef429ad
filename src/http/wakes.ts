import type { Context, Middleware } from 'koa';
import type { Services } from '../app.ts';

/** Wakes the dispatcher when a write has left deliveries for it, after its commit. */
export function wakes({ wakeDispatcher }: Pick<Services, 'wakeDispatcher'>): Middleware {
  return async (ctx, next) => {
    await next();
    wakeDispatcher(ctx.state.deliveries ?? 0);
  };
}

/** Says how many deliveries a write has left. */
export function leave(ctx: Context, deliveries: number): void {
  ctx.state.deliveries = deliveries;
}
