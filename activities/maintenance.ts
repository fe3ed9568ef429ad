import type { Pool } from 'pg';
import type { MaintenanceActivities } from '../workflows/contract.ts';

/** A schedule that stands still for this long loses nothing: rows then go into the default partition. */
const aheadDays = 14;

const recoverAtOnce = 100;

export function createMaintenanceActivities({
  pool,
  keepDays,
}: {
  pool: Pool;
  keepDays: number;
}): MaintenanceActivities {
  return {
    async recoverSome({ recoveryId }) {
      const { rows } = await pool.query<{ done: boolean; waiting: number }>(
        'select done, waiting from recover_some($1, $2)',
        [recoveryId, recoverAtOnce],
      );
      return rows[0] ?? { done: true, waiting: 0 };
    },

    async maintainAttemptLog() {
      const { rows } = await pool.query<{ made: number; dropped: number }>(
        'select * from maintain_attempt_log(clock_timestamp(), $1, $2)',
        [keepDays, aheadDays],
      );
      return rows[0] ?? { made: 0, dropped: 0 };
    },
  };
}
