import type { Middleware } from 'koa';
import type { Pool } from 'pg';
import { RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible';
import { rateLimited } from '../errors.ts';
import { keyOf } from './auth.ts';

export interface RateLimitSettings {
  /** Requests per window for keys without a limit of their own; undefined: as many as they like. */
  defaultPerMinute: number | undefined;
  windowSeconds?: number;
}

/** Names the policy in the headers. */
const policy = '"per-key"';

/**
 * Lets each key make its number of requests in a window that begins with its first one; all API processes count together.
 * Every answer says what is left, as draft-ietf-httpapi-ratelimit-headers has it. Throws 429.
 */
export function limitRate(
  { pool }: { pool: Pool },
  { defaultPerMinute, windowSeconds = 60 }: RateLimitSettings,
): Middleware {
  const take = counter(pool, windowSeconds);
  return async (ctx, next) => {
    const key = keyOf(ctx);
    const quota = key.rateLimitPerMinute ?? defaultPerMinute ?? 0;
    if (quota === 0) return next();
    const { allowed, remaining, resetSeconds } = await take(key.id, quota);
    ctx.set('RateLimit-Policy', `${policy};q=${quota};w=${windowSeconds}`);
    ctx.set('RateLimit', `${policy};r=${remaining};t=${resetSeconds}`);
    if (!allowed) throw rateLimited(quota, resetSeconds);
    await next();
  };
}

/** Takes one request from a key's quota. A key that has none left is refused from memory until its window ends. */
function counter(pool: Pool, windowSeconds: number) {
  const limiters = new Map<number, RateLimiterPostgres>();
  return async (keyId: number, quota: number) => {
    const limiter = limiters.get(quota) ?? createLimiter(pool, quota, windowSeconds);
    limiters.set(quota, limiter);
    try {
      return { allowed: true, ...leftOf(await limiter.consume(keyId)) };
    } catch (error) {
      if (error instanceof RateLimiterRes) return { allowed: false, ...leftOf(error) };
      throw error;
    }
  };
}

const createLimiter = (pool: Pool, quota: number, windowSeconds: number) =>
  new RateLimiterPostgres({
    storeClient: pool,
    storeType: 'pool',
    tableName: 'rate_limit',
    tableCreated: true,
    keyPrefix: 'key',
    // A row for each limited key, used again in its next window.
    clearExpiredByTimeout: false,
    points: quota,
    duration: windowSeconds,
    inMemoryBlockOnConsumed: quota,
  });

const leftOf = ({ remainingPoints, msBeforeNext }: RateLimiterRes) => ({
  remaining: remainingPoints,
  resetSeconds: Math.ceil(msBeforeNext / 1_000),
});
