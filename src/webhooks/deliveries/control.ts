import { type Client, WorkflowNotFoundError, WorkflowUpdateStage } from '@temporalio/client';
import { deliveryWorkflowId, retryNowUpdate } from '../../../workflows/contract.ts';
import type { Queryable } from '../../db/database.ts';
import { ApiError, conflict } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import { endDelivery } from '../end-delivery.ts';
import { type DeliveryDetails, isAttemptUnderWay } from './list-deliveries.ts';

export interface ControlDeps {
  pool: Queryable;
  /** Connected on first use: the API serves everything else without Temporal. */
  temporal(): Client;
  log: Logger;
}

const deadlineMs = 5_000;

/**
 * An attempt now. Under way: accepted, and what came of it shows in the delivery. Ended: the delivery starts over, which
 * leaves one for the dispatcher. Answers how many. Throws 409 when an attempt is under way already.
 */
export async function retryDelivery({ pool, temporal }: ControlDeps, delivery: DeliveryDetails): Promise<number> {
  if (delivery.ended_at !== null) {
    await pool.query('select restart_delivery($1)', [delivery.id]);
    return 1;
  }
  if (delivery.dispatched_at === null || isAttemptUnderWay(delivery)) throw alreadyRunning();
  const client = temporal();
  try {
    await client.withDeadline(Date.now() + deadlineMs, () =>
      client.workflow
        .getHandle(workflowIdOf(delivery))
        .startUpdate(retryNowUpdate, { waitForStage: WorkflowUpdateStage.ACCEPTED }),
    );
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) throw conflict('The delivery is just ending; look again in a moment.');
    throw error;
  }
  return 0;
}

/** Ends a delivery: no further attempt is made. Throws 409 when it has ended already. */
export async function cancelDelivery({ pool, temporal, log }: ControlDeps, delivery: DeliveryDetails): Promise<void> {
  const ended = await endDelivery({ pool }, { id: delivery.id, status: 'cancelled', reason: 'cancelled by hand' });
  if (!ended) throw conflict('The delivery has ended already.');
  const client = temporal();
  // The row is the truth: a workflow that is not told finds its delivery ended when it wakes.
  await client
    .withDeadline(Date.now() + deadlineMs, () => client.workflow.getHandle(workflowIdOf(delivery)).cancel())
    .catch((error) => log.debug({ err: error, deliveryId: delivery.id }, 'the workflow was not told'));
}

const workflowIdOf = (delivery: DeliveryDetails) =>
  deliveryWorkflowId(Number(delivery.endpoint_id), delivery.event_id, delivery.redelivery);

const alreadyRunning = () => new ApiError(409, 'already_running', 'An attempt of this delivery is under way already.');
