import { continueAsNew, proxyActivities, sleep, workflowInfo } from '@temporalio/workflow';
import type { MaintenanceActivities, RecoveryInput } from './contract.ts';

const activities = proxyActivities<MaintenanceActivities>({ startToCloseTimeout: '1 minute' });

/** Deliveries waiting for the dispatcher beyond which a recovery holds back, so that new events are not stuck behind it. */
const maxWaiting = 200;

/** Puts what an endpoint missed back into the outbox, step by step; the recovery's row says how far it is. */
export async function recoverDeliveries(input: RecoveryInput): Promise<void> {
  for (;;) {
    const { done, waiting } = await activities.recoverSome(input);
    if (done) return;
    await sleep(waiting > maxWaiting ? '5 s' : '1 s');
    if (workflowInfo().continueAsNewSuggested) await continueAsNew<typeof recoverDeliveries>(input);
  }
}
