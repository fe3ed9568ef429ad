import { setTimeout as delay } from 'node:timers/promises';
import { ApplicationFailure } from '@temporalio/common';
import {
  type AttemptResult,
  attemptLeaseMs,
  type DeliveryActivities,
  type DeliveryInput,
  deliveryFailed,
} from '../workflows/contract.ts';
import { type AttemptDeps, type AttemptInput, attemptDelivery } from './attempt-delivery.ts';
import { createEndpointLanes, type EndpointLanes } from './endpoint-lanes.ts';

/** Everything that the delivery workflow may do to the world. */
export function createActivities(deps: AttemptDeps, lanes: EndpointLanes = createEndpointLanes()): DeliveryActivities {
  const noting: AttemptDeps = {
    ...deps,
    async post(message) {
      const outcome = await deps.post(message);
      lanes.note(message.endpointId, outcome);
      return outcome;
    },
  };

  return {
    async attemptInstantly({ deliveryId, endpointId }) {
      const permit = await lanes.takeQuick(endpointId);
      if (permit === undefined) return { kind: 'deferred' };
      try {
        return await attemptOrTakeOver(deliveryId);
      } finally {
        permit.release();
      }
    },

    async attemptOnSchedule(input) {
      const result = await attempt(input, 'scheduled');
      if (result.kind === 'waiting') throw retryIn(result.retryInMs, result.message, 'AttemptFailed');
      if (result.status === 'failed') throw inWords(ApplicationFailure.nonRetryable(result.message, deliveryFailed));
      return result.status;
    },

    attemptAsked: attempt,
  };

  /** A claim that is still held when the attempt is repeated is mostly a dead worker's, and soon free. */
  async function attemptOrTakeOver(deliveryId: number): Promise<AttemptResult> {
    const giveUpAt = performance.now() + 1.5 * attemptLeaseMs;
    for (;;) {
      const result = await attemptDelivery(noting, { deliveryId, trigger: 'instant' });
      if (result.kind !== 'waiting' || !result.isHeld || performance.now() > giveUpAt) return result;
      await delay(Math.min(result.retryInMs, takeOverPollMs));
    }
  }

  async function attempt(
    { deliveryId, endpointId }: DeliveryInput,
    trigger: AttemptInput['trigger'],
  ): Promise<AttemptResult> {
    const permit = lanes.take(endpointId);
    if (!('release' in permit)) {
      const seconds = Math.ceil(permit.retryInMs / 1000);
      throw retryIn(
        permit.retryInMs,
        `Busy: the endpoint has its attempts under way, retry in ${seconds} s`,
        'EndpointBusy',
      );
    }
    try {
      return await attemptDelivery(noting, { deliveryId, trigger });
    } catch (error) {
      // Without its row no attempt may be made: tried again soon, and not counted.
      const reason = error instanceof Error ? error.message : error;
      throw retryIn(databaseRetryMs, `No attempt was made: ${reason}`, 'AttemptImpossible');
    } finally {
      permit.release();
    }
  }
}

const takeOverPollMs = 500;
const databaseRetryMs = 5_000;

const retryIn = (delayMs: number, message: string, type: string) =>
  inWords(ApplicationFailure.create({ message, type, nextRetryDelay: Math.max(delayMs, 1) }));

/** Its message says all. The stack would be the largest thing on the operator's screen, and always the same. */
function inWords(failure: ApplicationFailure): ApplicationFailure {
  failure.stack = '';
  return failure;
}
