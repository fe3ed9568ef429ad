import type { Context, Middleware } from 'koa';
import type { Queryable } from '../db/database.ts';
import { forbidden, unauthorized } from '../errors.ts';
import type { Actor } from '../organizations/actor.ts';
import { type ApiKey, findApiKey } from '../organizations/api-key.ts';

/** Every request needs a key; it says which organization the request sees. Throws 401. */
export function authenticate({ pool }: { pool: Queryable }): Middleware {
  return async (ctx, next) => {
    const presented = presentedKey(ctx);
    if (presented === undefined) {
      throw unauthorized('Send an API key: `Authorization: Bearer mk_live_…` or `X-API-Key: mk_live_…`.');
    }
    const key = await findApiKey({ pool }, presented);
    if (key === undefined) throw unauthorized('The API key is unknown, revoked or expired.');
    ctx.state.key = key;
    await next();
  };
}

/** Stands before each operation that writes. Throws 403 for a read-only key. */
export const write: Middleware = async (ctx, next) => {
  if (keyOf(ctx).scope !== 'write') throw forbidden('This key is read-only; the operation needs a read & write key.');
  await next();
};

export function keyOf(ctx: Context): ApiKey {
  return ctx.state.key;
}

/** The system that the key was made for. */
export function actorOf(ctx: Context): Actor {
  const { organizationId, id } = keyOf(ctx);
  return { organizationId, apiKeyId: id };
}

function presentedKey(ctx: Context): string | undefined {
  const bearer = /^Bearer +(\S+) *$/i.exec(ctx.get('Authorization'))?.[1];
  return bearer ?? (ctx.get('X-API-Key').trim() || undefined);
}
