import { ApplicationFailure, continueAsNew, proxyActivities, workflowInfo } from '@temporalio/workflow';
import { type AuditProgress, ledgerDiffers, type MaintenanceActivities } from './contract.ts';

const activities = proxyActivities<MaintenanceActivities>({
  startToCloseTimeout: '6 hours', // one part may have millions of movements
  heartbeatTimeout: '1 minute',
});

/** Of the parts that differ, as many are named. */
const maxNamed = 20;

const start: AuditProgress = { afterPartId: 0, parts: 0, differences: 0, partIds: [] };

/** Nightly: audits every organization's ledger, some parts in each step. Fails when anything differs. */
export async function auditLedger(progress = start): Promise<{ parts: number; differences: 0 }> {
  for (;;) {
    const step = await activities.auditSome({ afterPartId: progress.afterPartId });
    progress = {
      afterPartId: step.afterPartId,
      parts: progress.parts + step.parts,
      differences: progress.differences + step.differences,
      partIds: [...progress.partIds, ...step.partIds].slice(0, maxNamed + 1),
    };
    if (step.isDone) break;
    if (workflowInfo().continueAsNewSuggested) await continueAsNew<typeof auditLedger>(progress);
  }
  const { parts, differences } = progress;
  if (differences > 0) {
    const failure = ApplicationFailure.nonRetryable(inWords(progress), ledgerDiffers);
    failure.stack = ''; // the sentence says all
    throw failure;
  }
  return { parts, differences: 0 };
}

function inWords({ differences, partIds }: AuditProgress): string {
  const named = partIds.slice(0, maxNamed).join(', ') + (partIds.length > maxNamed ? ', …' : '');
  const count = `${differences} ${differences === 1 ? 'difference' : 'differences'}`;
  return `The audit found ${count} from the ledger, in ${partIds.length === 1 ? 'part' : 'parts'} ${named}: \`mk audit\` shows them.`;
}
