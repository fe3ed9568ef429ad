import {
  ApplicationFailure,
  log,
  proxyActivities,
  proxyLocalActivities,
  sleep,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import {
  type AttemptResult,
  attemptTimeoutMs,
  type DeliveryActivities,
  type DeliveryInput,
  deliveryFailed,
  type EndStatus,
  searchAttributes,
  webhookRetry,
} from './contract.ts';

/** A POST that kills its worker must not be repeated for ever as the local attempt: after this it runs as a regular one. */
const instantWithinMs = 60_000;

/** Longer than the longest wait: the server caps even an explicit retry delay by the policy's maximum. */
const maximumRetryInterval = '24 hours';

/**
 * Delivers one event to one endpoint: attempt 1 at once, then an activity whose retries are the published schedule.
 * The delivery's row decides what each attempt may do; Temporal makes it happen on time.
 */
export async function deliverWebhook(input: DeliveryInput): Promise<EndStatus> {
  const first = await firstAttempt(input);
  if (first.kind === 'ended') return ended(first.status, first.message);

  upsertSearchAttributes([{ key: searchAttributes.deliveryStatus, value: 'retrying' }]);
  await sleep(first.retryInMs);
  const status = await scheduledAttempts(first.attemptsMade).attemptOnSchedule(input);
  upsertSearchAttributes([{ key: searchAttributes.deliveryStatus, value: status }]);
  return status;
}

async function firstAttempt(input: DeliveryInput): Promise<AttemptResult> {
  const sinceStartMs = Date.now() - workflowInfo().startTime.getTime();
  if (sinceStartMs > instantWithinMs) return notAttempted('the worker came late');
  try {
    return await instantAttempt.attemptInstantly(input);
  } catch (error) {
    log.warn('The instant attempt could not run', { error });
    return notAttempted('the instant attempt could not run');
  }
}

const notAttempted = (message: string): AttemptResult => ({ kind: 'waiting', retryInMs: 1, attemptsMade: 0, message });

const instantAttempt = proxyLocalActivities<Pick<DeliveryActivities, 'attemptInstantly'>>({
  startToCloseTimeout: attemptTimeoutMs,
  retry: { maximumAttempts: 1 },
});

/**
 * Each failure names its own next time. The policy's intervals say the same and serve where no failure can speak: an
 * attempt whose worker died times out, and the next one is due as if it had failed then.
 */
const scheduledAttempts = (attemptsMade: number) =>
  proxyActivities<Pick<DeliveryActivities, 'attemptOnSchedule'>>({
    startToCloseTimeout: attemptTimeoutMs,
    retry: {
      initialInterval: webhookRetry.firstWaitMs * webhookRetry.factor ** attemptsMade,
      backoffCoefficient: webhookRetry.factor,
      maximumInterval: maximumRetryInterval,
    },
  });

function ended(status: EndStatus, message: string): EndStatus {
  if (status === 'failed') throw ApplicationFailure.nonRetryable(message, deliveryFailed);
  return status;
}
