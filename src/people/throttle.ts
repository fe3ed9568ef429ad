import { createHash } from 'node:crypto';
import ipaddr from 'ipaddr.js';
import type { Pool } from 'pg';
import { RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible';
import { foldName } from '../fold-name.ts';

const windowSeconds = 15 * 60;
const triesForAccount = 10;
const triesFromAddress = 50;

/** Counts tries to sign in, for each account and each address, in PostgreSQL: for all processes, across restarts. */
export interface Throttle {
  /** Counts a try before it is judged. Answers the seconds to wait when there were too many, else 0. */
  admit(who: { account: string; address: string }): Promise<number>;
  /** The try was the owner's: nothing counts against the account any more. */
  forgive(account: string): Promise<void>;
}

export function createThrottle({ pool }: { pool: Pool }): Throttle {
  const limiter = (keyPrefix: string, points: number) =>
    new RateLimiterPostgres({
      storeClient: pool,
      storeType: 'pool',
      tableName: 'sign_in_try',
      tableCreated: true,
      keyPrefix,
      points,
      duration: windowSeconds,
    });
  const accounts = limiter('account', triesForAccount);
  const addresses = limiter('address', triesFromAddress);
  return {
    async admit({ account, address }) {
      const waits = [await consume(addresses, networkOf(address)), await consume(accounts, accountKey(account))];
      return Math.max(...waits);
    },
    async forgive(account) {
      await accounts.delete(accountKey(account));
    },
  };
}

async function consume(limiter: RateLimiterPostgres, key: string): Promise<number> {
  try {
    await limiter.consume(key);
    return 0;
  } catch (refusal) {
    if (!(refusal instanceof RateLimiterRes)) throw refusal;
    return Math.max(1, Math.ceil(refusal.msBeforeNext / 1000));
  }
}

/** Of an address of any length a key that fits the column; unreadable, for it may be a mistyped password. */
const accountKey = (account: string) => createHash('sha256').update(foldName(account)).digest('base64url');

/** Whoever has one IPv6 address has 2^64 of them. */
function networkOf(address: string): string {
  if (!ipaddr.isValid(address)) return 'unknown';
  const parsed = ipaddr.process(address);
  return parsed.kind() === 'ipv6' ? parsed.toNormalizedString().split(':').slice(0, 4).join(':') : parsed.toString();
}
