import {
  ApplicationFailure,
  allHandlersFinished,
  CancellationScope,
  condition,
  defineUpdate,
  isCancellation,
  log,
  patched,
  proxyActivities,
  proxyLocalActivities,
  setHandler,
  sleep,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import {
  type AskedTrigger,
  type AttemptResult,
  attemptLeaseMs,
  attemptTimeoutMs,
  type DeliveryActivities,
  type DeliveryInput,
  deliveryFailed,
  type EndStatus,
  type InstantResult,
  retryNowUpdate,
  searchAttributes,
  slowTaskQueue,
  webhookRetry,
} from './contract.ts';

type Ended = Extract<AttemptResult, { kind: 'ended' }>;

export const retryNow = defineUpdate<AttemptResult, [trigger?: AskedTrigger]>(retryNowUpdate);

/**
 * Delivers one event to one endpoint: attempt 1 at once, then an activity whose retries are the published schedule.
 * The delivery's row decides what each attempt may do; Temporal makes it happen on time.
 */
export async function deliverWebhook(input: DeliveryInput): Promise<EndStatus> {
  const schedule = new CancellationScope();
  let endedByHand: Ended | undefined;
  setHandler(retryNow, async (trigger = 'manual') => {
    const result = await asked.attemptAsked(input, trigger);
    if (result.kind === 'ended') {
      endedByHand = result;
      schedule.cancel();
    }
    return result;
  });

  const first = await firstAttempt(input);
  let end: Ended;
  if (first.kind === 'ended') {
    end = first;
  } else {
    try {
      end = await schedule.run(() => keepTrying(input, first));
    } catch (error) {
      if (endedByHand === undefined || !isCancellation(error)) throw error;
      end = endedByHand;
    }
    upsertSearchAttributes([{ key: searchAttributes.deliveryStatus, value: end.status }]);
  }
  await condition(allHandlersFinished);
  if (end.status === 'failed') throw ApplicationFailure.nonRetryable(end.message, deliveryFailed);
  return end.status;
}

/** A POST that kills its worker must not be repeated for ever as the local attempt: after this it runs as a regular one. */
const instantWithinMs = 60_000;

async function firstAttempt(input: DeliveryInput): Promise<InstantResult> {
  const sinceStartMs = Date.now() - workflowInfo().startTime.getTime();
  if (sinceStartMs > instantWithinMs) return { kind: 'deferred' };
  try {
    return await instant.attemptInstantly(input);
  } catch (error) {
    if (isCancellation(error)) throw error;
    log.warn('The instant attempt could not run', { error });
    return { kind: 'deferred' };
  }
}

async function keepTrying(input: DeliveryInput, first: Exclude<InstantResult, Ended>): Promise<Ended> {
  // A deferred one is held back because its endpoint fails or is slow: who looks for failing deliveries looks for it too.
  if (first.kind === 'waiting' || patched('deferred-is-retrying')) {
    upsertSearchAttributes([{ key: searchAttributes.deliveryStatus, value: 'retrying' }]);
  }
  if (first.kind === 'waiting') {
    await sleep(first.retryInMs, { summary: first.message.slice(0, maxSummaryCharacters) });
  }
  const attemptsMade = first.kind === 'waiting' ? first.attemptsMade : 0;
  const status = await onSchedule(attemptsMade).attemptOnSchedule(input);
  return { kind: 'ended', status, message: '' };
}

/** The server refuses summaries of over 400 bytes, and with them the workflow's task. */
const maxSummaryCharacters = 300;

const instant = proxyLocalActivities<Pick<DeliveryActivities, 'attemptInstantly'>>({
  startToCloseTimeout: attemptTimeoutMs + 2 * attemptLeaseMs, // it may have to wait for a dead worker's claim
  retry: { maximumAttempts: 1 },
});

const asked = proxyActivities<Pick<DeliveryActivities, 'attemptAsked'>>({
  taskQueue: slowTaskQueue,
  startToCloseTimeout: attemptTimeoutMs,
  retry: { maximumAttempts: 1 },
});

/** Longer than the longest wait: the server caps even an explicit retry delay by the policy's maximum. */
const maximumRetryInterval = '24 hours';

/**
 * Each failure names its own next time. The policy's intervals say the same and serve where no failure can speak: an
 * attempt whose worker died times out, and the next one is due as if it had failed then.
 */
const onSchedule = (attemptsMade: number) =>
  proxyActivities<Pick<DeliveryActivities, 'attemptOnSchedule'>>({
    taskQueue: slowTaskQueue,
    startToCloseTimeout: attemptTimeoutMs,
    retry: {
      initialInterval: webhookRetry.firstWaitMs * webhookRetry.factor ** attemptsMade,
      backoffCoefficient: webhookRetry.factor,
      maximumInterval: maximumRetryInterval,
    },
  });
