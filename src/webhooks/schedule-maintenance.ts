import { type Client, ScheduleAlreadyRunning } from '@temporalio/client';
import { webhookTaskQueue } from '../../workflows/contract.ts';

/** Each night, in UTC; the schedule's id is its workflows' too. */
const schedules = [
  { scheduleId: 'maintain-attempt-log', workflowType: 'maintainAttemptLog', hour: 3, minute: 15 },
  { scheduleId: 'audit-ledger', workflowType: 'auditLedger', hour: 3, minute: 45 },
] as const;

/** Makes sure that the nightly work is scheduled, once for all workers. */
export async function scheduleMaintenance(client: Client): Promise<void> {
  for (const schedule of schedules) await createSchedule(client, schedule);
}

async function createSchedule(
  client: Client,
  { scheduleId, workflowType, hour, minute }: (typeof schedules)[number],
): Promise<void> {
  try {
    await client.schedule.create({
      scheduleId,
      spec: { calendars: [{ hour, minute }] },
      policies: { overlap: 'SKIP', catchupWindow: '1 day' },
      action: { type: 'startWorkflow', workflowType, workflowId: scheduleId, taskQueue: webhookTaskQueue },
    });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
  }
}
