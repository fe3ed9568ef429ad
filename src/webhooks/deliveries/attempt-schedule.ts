import { webhookRetry } from '../../../workflows/contract.ts';
import { type DeliveryDetails, isAttemptUnderWay } from './list-deliveries.ts';

export interface ComingAttempt {
  /** 1 is the instant one. */
  number: number;
  at: Date;
}

/**
 * The attempts that a delivery still has, if each fails at once: the next one when its row says, the others by the published
 * schedule. Empty when it has ended.
 */
export function comingAttempts(delivery: DeliveryDetails, now = new Date()): ComingAttempt[] {
  if (delivery.ended_at !== null) return [];
  const { firstWaitMs, factor, maxAttempts } = webhookRetry;
  const underWay = isAttemptUnderWay(delivery) ? 1 : 0;
  const coming: ComingAttempt[] = [];
  let atMs = Math.max(new Date(delivery.due_at).getTime(), now.getTime());
  for (let number = delivery.attempts_made + 1; number <= maxAttempts; number += 1) {
    if (number > delivery.attempts_made + underWay) coming.push({ number, at: new Date(atMs) });
    atMs += firstWaitMs * factor ** (number - 1);
  }
  return coming;
}
