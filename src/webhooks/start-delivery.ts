import {
  type Client,
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
  WorkflowUpdateStage,
} from '@temporalio/client';
import { CancelledFailure, TerminatedFailure, TypedSearchAttributes } from '@temporalio/common';
import {
  type AskedTrigger,
  type AttemptResult,
  deliveryWorkflowId,
  type EndStatus,
  retryNowUpdate,
  searchAttributes,
  webhookTaskQueue,
} from '../../workflows/contract.ts';
import type { deliverWebhook } from '../../workflows/deliver-webhook.ts';

/** What a workflow's start needs to know of a delivery. */
export interface DeliveryRow {
  id: string;
  organization_id: string;
  endpoint_id: string;
  event_id: string;
  redelivery: number;
  event_type: string;
  url: string;
}

/** For a query with `delivery d`, `event v` and `webhook_endpoint e`. */
export const deliveryColumns =
  'd.id, d.organization_id, d.endpoint_id, d.event_id, d.redelivery, v.type as event_type, e.url';

/** `closed` says how the workflow ended. */
export type Started = { state: 'running' } | { state: 'closed'; status: EndStatus; message: string };

/** Starts a delivery's workflow, or finds it: running (nothing happens) or closed. Throws when Temporal does not answer. */
export type StartDelivery = (row: DeliveryRow) => Promise<Started>;

const startDeadlineMs = 5_000;

export function createStartDelivery(client: Client): StartDelivery {
  return (row) =>
    client.withDeadline(Date.now() + startDeadlineMs, async () => {
      try {
        await start(client, row);
        return { state: 'running' };
      } catch (error) {
        if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
        return { state: 'closed', ...(await endOf(client, row)) };
      }
    });
}

/** Asks a running workflow to make an attempt that is overdue. Resolves when it was asked. */
export type NudgeDelivery = (row: DeliveryRow) => Promise<void>;

export function createNudgeDelivery(client: Client): NudgeDelivery {
  return async (row) => {
    const handle = client.workflow.getHandle(workflowIdOf(row));
    await client.withDeadline(Date.now() + startDeadlineMs, () =>
      handle.startUpdate<AttemptResult, [AskedTrigger]>(retryNowUpdate, {
        args: ['scheduled'],
        waitForStage: WorkflowUpdateStage.ACCEPTED,
      }),
    );
  };
}

async function endOf(client: Client, row: DeliveryRow): Promise<{ status: EndStatus; message: string }> {
  try {
    const status = await client.workflow.getHandle<typeof deliverWebhook>(workflowIdOf(row)).result();
    return { status, message: 'ended in Temporal' };
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    const byHand = error.cause instanceof CancelledFailure || error.cause instanceof TerminatedFailure;
    return { status: byHand ? 'cancelled' : 'failed', message: error.cause?.message ?? 'failed in Temporal' };
  }
}

const workflowIdOf = (row: DeliveryRow) => deliveryWorkflowId(Number(row.endpoint_id), row.event_id, row.redelivery);

/** Ids only: neither payloads nor secrets enter Temporal. */
const start = (client: Client, row: DeliveryRow) =>
  client.workflow.start<typeof deliverWebhook>('deliverWebhook', {
    workflowId: workflowIdOf(row),
    taskQueue: webhookTaskQueue,
    args: [{ deliveryId: Number(row.id), endpointId: Number(row.endpoint_id) }],
    workflowIdConflictPolicy: 'USE_EXISTING',
    workflowIdReusePolicy: 'REJECT_DUPLICATE',
    requestEagerStart: true,
    staticSummary: `${row.event_type} → ${new URL(row.url).host}`,
    typedSearchAttributes: new TypedSearchAttributes([
      { key: searchAttributes.orgId, value: row.organization_id },
      { key: searchAttributes.endpointId, value: row.endpoint_id },
      { key: searchAttributes.eventType, value: row.event_type },
      { key: searchAttributes.eventId, value: row.event_id },
      { key: searchAttributes.deliveryStatus, value: 'pending' },
    ]),
  });
