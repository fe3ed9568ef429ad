import { ApplicationFailure } from '@temporalio/common';
import {
  type AttemptResult,
  type DeliveryActivities,
  type DeliveryInput,
  deliveryFailed,
  type EndStatus,
} from '../workflows/contract.ts';
import { type AttemptDeps, attemptDelivery } from './attempt-delivery.ts';

/** Everything that the delivery workflow may do to the world. */
export function createActivities(deps: AttemptDeps): DeliveryActivities {
  return {
    attemptInstantly: ({ deliveryId }: DeliveryInput): Promise<AttemptResult> =>
      attemptDelivery(deps, { deliveryId, trigger: 'instant' }),

    async attemptOnSchedule({ deliveryId }: DeliveryInput): Promise<EndStatus> {
      const result = await attempt(deps, deliveryId);
      if (result.kind === 'waiting') {
        throw ApplicationFailure.create({
          message: result.message,
          type: 'AttemptFailed',
          nextRetryDelay: Math.max(result.retryInMs, 1),
        });
      }
      if (result.status === 'failed') throw ApplicationFailure.nonRetryable(result.message, deliveryFailed);
      return result.status;
    },
  };
}

const databaseRetryMs = 5_000;

/** Without its row no attempt may be made: tried again soon, and not counted. */
async function attempt(deps: AttemptDeps, deliveryId: number): Promise<AttemptResult> {
  try {
    return await attemptDelivery(deps, { deliveryId, trigger: 'scheduled' });
  } catch (error) {
    throw ApplicationFailure.create({
      message: `No attempt was made: ${error instanceof Error ? error.message : error}`,
      type: 'DatabaseUnavailable',
      nextRetryDelay: databaseRetryMs,
    });
  }
}
