import { Context } from '@temporalio/activity';
import type { Pool } from 'pg';
import type { Logger } from '../src/log.ts';
import { auditLedger } from '../src/stock/audit/audit-ledger.ts';
import type { AuditStepResult, MaintenanceActivities } from '../workflows/contract.ts';

/** A schedule that stands still for this long loses nothing: rows then go into the default partition. */
const aheadDays = 14;

const recoverAtOnce = 100;
const keysAtOnce = 1_000;

/** A step of the audit ends after this long, and with the statement under way: within a worker's time to stop, mostly. */
const auditStepMs = 10_000;
const heartbeatEveryMs = 5_000;
const maxLogged = 100;

export interface MaintenanceDeps {
  pool: Pool;
  databaseUrl: string;
  /** Of the attempt log. */
  keepDays: number;
  log: Logger;
}

export function createMaintenanceActivities({
  pool,
  databaseUrl,
  keepDays,
  log,
}: MaintenanceDeps): MaintenanceActivities {
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

    async deleteOldKeys() {
      for (let keysDeleted = 0; ; ) {
        const { rows } = await pool.query<{ deleted: number }>('select delete_old_keys($1) as deleted', [keysAtOnce]);
        const deleted = rows[0]?.deleted ?? 0;
        keysDeleted += deleted;
        if (deleted < keysAtOnce) return { keysDeleted };
      }
    },

    async auditSome({ afterPartId }) {
      const context = Context.current();
      const beating = setInterval(() => context.heartbeat(), heartbeatEveryMs);
      try {
        return await auditFor(auditStepMs, afterPartId, context.cancellationSignal);
      } finally {
        clearInterval(beating);
      }
    },
  };

  async function auditFor(forMs: number, afterPartId: number, signal: AbortSignal): Promise<AuditStepResult> {
    const giveBackAt = performance.now() + forMs;
    const result: AuditStepResult = { afterPartId, isDone: false, parts: 0, differences: 0, partIds: [] };
    const partIds = new Set<number>();
    for await (const step of auditLedger({ databaseUrl, signal }, { afterPartId })) {
      for (const { organizationId, partId, record, movementId, locationId, field } of step.differences) {
        partIds.add(partId);
        if (result.differences++ >= maxLogged) continue;
        log.error(
          { organizationId, partId, record, movementId, locationId, field },
          'what is stored does not follow from the ledger',
        );
      }
      result.parts += step.parts;
      result.afterPartId = step.afterPartId;
      if (performance.now() > giveBackAt) return { ...result, partIds: [...partIds] };
    }
    return { ...result, isDone: true, partIds: [...partIds] };
  }
}
