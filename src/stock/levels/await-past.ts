import { setTimeout as delay } from 'node:timers/promises';
import type { Queryable } from '../../db/database.ts';
import { unavailable } from '../../errors.ts';

const deadlineMs = 10_000;
const pollMs = 10;

/**
 * Waits until the ledger of an instant's past is whole: a movement has its `createdAt` before its commit. What is read then is
 * what will ever be read of that instant. Throws 503 when a write takes longer than ten seconds.
 */
export async function awaitPast({ pool }: { pool: Queryable }, at: Date): Promise<void> {
  const deadline = Date.now() + deadlineMs;
  while (!(await isSettled(pool, at))) {
    if (Date.now() > deadline) throw unavailable('Movements before `at` are still being written; try again.');
    await delay(pollMs);
  }
}

async function isSettled(pool: Queryable, at: Date): Promise<boolean> {
  const { rows } = await pool.query<{ settled: boolean }>('select is_past_settled($1) as settled', [at]);
  return rows[0]?.settled === true;
}
