import { type Client, ScheduleAlreadyRunning } from '@temporalio/client';
import { webhookTaskQueue } from '../../workflows/contract.ts';

const scheduleId = 'maintain-attempt-log';

/** Makes sure that the attempt log's daily maintenance is scheduled, once for all workers. */
export async function scheduleMaintenance(client: Client): Promise<void> {
  try {
    await client.schedule.create({
      scheduleId,
      spec: { calendars: [{ hour: 3, minute: 15 }] },
      policies: { overlap: 'SKIP', catchupWindow: '1 day' },
      action: {
        type: 'startWorkflow',
        workflowType: 'maintainAttemptLog',
        workflowId: scheduleId,
        taskQueue: webhookTaskQueue,
      },
    });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
  }
}
