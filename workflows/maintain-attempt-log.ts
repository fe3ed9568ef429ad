import { patched, proxyActivities } from '@temporalio/workflow';
import type { MaintenanceActivities } from './contract.ts';

const activities = proxyActivities<MaintenanceActivities>({ startToCloseTimeout: '5 minutes' });

/**
 * Nightly: makes the attempt log's coming partitions and drops those that are past their time; deletes idempotency keys that
 * hold no longer.
 */
export async function maintainAttemptLog(): Promise<{ made: number; dropped: number; keysDeleted?: number }> {
  const partitions = await activities.maintainAttemptLog();
  if (!patched('delete-old-keys')) return partitions;
  return { ...partitions, ...(await activities.deleteOldKeys()) };
}
