import { setTimeout as delay } from 'node:timers/promises';
import { ApplicationFailure } from '@temporalio/common';
import {
  type AskedTrigger,
  type AttemptResult,
  attemptLeaseMs,
  type DeliveryActivities,
  type DeliveryInput,
  deliveryFailed,
} from '../workflows/contract.ts';
import { type AttemptDeps, type AttemptInput, attemptDelivery, awaitTurn, type HeldBack } from './attempt-delivery.ts';
import { createEndpointLanes, type EndpointLanes } from './endpoint-lanes.ts';

/** Everything that the delivery workflow may do to the world. */
export function createActivities(deps: AttemptDeps, lanes: EndpointLanes = createEndpointLanes()): DeliveryActivities {
  const noting: AttemptDeps = {
    ...deps,
    noteLimit: lanes.noteLimit,
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
        const result = await attemptOrTakeOver(deliveryId);
        return result.kind === 'full' || result.kind === 'throttled' ? { kind: 'deferred' } : result;
      } finally {
        permit.release();
      }
    },

    async attemptOnSchedule(input) {
      const result = await attempt(input, 'scheduled', () => lanes.isLimited(input.endpointId));
      if (result.kind === 'throttled') throw retryIn(result.retryInMs, result.message, 'EndpointBusy');
      if (result.kind === 'waiting') throw retryIn(result.retryInMs, result.message, 'AttemptFailed');
      if (result.status === 'failed') throw inWords(ApplicationFailure.nonRetryable(result.message, deliveryFailed));
      return result.status;
    },

    async attemptAsked(input, trigger) {
      // Temporal learns of no turn here: it is kept in the row, whatever stands in the way.
      const result = await attempt(input, trigger, () => trigger === 'scheduled');
      return result.kind === 'throttled' ? { ...result, kind: 'waiting', isHeld: false } : result;
    },
  };

  /** A claim that is still held when the attempt is repeated is mostly a dead worker's, and soon free. */
  async function attemptOrTakeOver(deliveryId: number): Promise<AttemptResult | HeldBack> {
    const giveUpAt = performance.now() + 1.5 * attemptLeaseMs;
    for (;;) {
      const result = await attemptWhenRoom({ deliveryId, trigger: 'instant' });
      if (result.kind !== 'waiting' || !result.isHeld || performance.now() > giveUpAt) return result;
      await delay(Math.min(result.retryInMs, takeOverPollMs));
    }
  }

  /** Where other workers have all the attempts that an endpoint's limit allows, one of them mostly comes free in a moment. */
  async function attemptWhenRoom(input: AttemptInput): Promise<AttemptResult | HeldBack> {
    const giveUpAt = performance.now() + roomMomentMs;
    for (;;) {
      const result = await attemptDelivery(noting, input);
      if (result.kind !== 'full' || performance.now() > giveUpAt) return result;
      await delay(roomPollMs);
    }
  }

  /** Without room the delivery keeps a turn in its row when it is to, else this worker gives it one. */
  async function attempt(
    { deliveryId, endpointId }: DeliveryInput,
    trigger: AskedTrigger,
    keepsTurn: () => boolean,
  ): Promise<Exclude<AttemptResult | HeldBack, { kind: 'full' }>> {
    const permit = trigger === 'manual' ? lanes.takeByHand(endpointId) : await lanes.take(endpointId);
    if (permit === undefined && !keepsTurn()) throw busy(lanes.nextTurnInMs(endpointId));
    try {
      const result = permit && (await attemptWhenRoom({ deliveryId, trigger }));
      if (result !== undefined && result.kind !== 'full') return result;
      return await awaitTurn(deps, deliveryId, lanes.pace(endpointId));
    } catch (error) {
      // Without its row no attempt may be made: tried again soon, and not counted.
      const reason = error instanceof Error ? error.message : error;
      throw retryIn(databaseRetryMs, `No attempt was made: ${reason}`, 'AttemptImpossible');
    } finally {
      permit?.release();
    }
  }
}

const takeOverPollMs = 500;
const roomMomentMs = 1_000;
const roomPollMs = 200;
const databaseRetryMs = 5_000;

const retryIn = (delayMs: number, message: string, type: string) =>
  inWords(ApplicationFailure.create({ message, type, nextRetryDelay: Math.max(delayMs, 1) }));

/** Its message says all. The stack would be the largest thing on the operator's screen, and always the same. */
function inWords(failure: ApplicationFailure): ApplicationFailure {
  failure.stack = '';
  return failure;
}

function busy(delayMs: number): ApplicationFailure {
  const seconds = Math.ceil(delayMs / 1000);
  return retryIn(delayMs, `Busy: the endpoint has its attempts under way, retry in ${seconds} s`, 'EndpointBusy');
}
