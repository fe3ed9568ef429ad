import type { EndStatus } from '../../workflows/contract.ts';
import type { Queryable } from '../db/database.ts';

/**
 * Ends a delivery from outside its attempts; one under way then finds its claim gone. Answers false when it had ended
 * already.
 */
export async function endDelivery(
  { pool }: { pool: Queryable },
  { id, status, reason }: { id: string; status: EndStatus; reason: string | null },
): Promise<boolean> {
  const { rowCount } = await pool.query(
    `update delivery set status = $2, ended_at = clock_timestamp(), last_failure = $3,
       attempt_started_at = null, attempt_token = null, attempt_trigger = null, attempt_lease_until = null
     where id = $1 and ended_at is null`,
    [id, status, reason],
  );
  return rowCount === 1;
}
