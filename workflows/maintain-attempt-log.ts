import { proxyActivities } from '@temporalio/workflow';
import type { MaintenanceActivities } from './contract.ts';

const activities = proxyActivities<MaintenanceActivities>({ startToCloseTimeout: '5 minutes' });

/** Daily: makes the attempt log's coming partitions and drops those that are past their time. */
export async function maintainAttemptLog(): Promise<{ made: number; dropped: number }> {
  return activities.maintainAttemptLog();
}
