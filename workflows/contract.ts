import { defineSearchAttributeKey } from '@temporalio/common';

/** What workflow, activities and dispatcher agree on. Only plain values and types: the workflow sandbox loads this file. */

/** Workflows and instant attempts. */
export const webhookTaskQueue = 'webhooks';

/** Every other attempt: endpoints that hang hold slots here, away from the healthy ones' first attempts. */
export const slowTaskQueue = 'webhooks-slow';

/** The published schedule: the first attempt at once, then 30 s, 1 min, 2 min, … after each failure, ten times. */
export const webhookRetry = { firstWaitMs: 30_000, factor: 2, maxAttempts: 11 } as const;

/** One attempt takes at most this long, from claim to record; an attempt cut off counts as failed then. */
export const attemptTimeoutMs = 20_000;

/** While a POST is under way its claim is renewed: a dead worker's is free after this. */
export const attemptLeaseMs = 6_000;

/** A delivery that was started over has a workflow of its own for each time. */
export const deliveryWorkflowId = (endpointId: number, eventId: string, redelivery = 0) =>
  `webhook/${endpointId}/${eventId}${redelivery === 0 ? '' : `/${redelivery}`}`;

export interface DeliveryInput {
  deliveryId: number;
  endpointId: number;
}

export type EndStatus = 'delivered' | 'failed' | 'cancelled' | 'endpoint_disabled';

/** What the delivery's row says after an attempt, made or not; `isHeld`: another attempt is under way, or was cut off. */
export type AttemptResult =
  | { kind: 'ended'; status: EndStatus; message: string }
  | { kind: 'waiting'; retryInMs: number; attemptsMade: number; message: string; isHeld: boolean };

/** `deferred`: nothing was sent, for the endpoint is slow or busy; the attempt belongs on the slow queue. */
export type InstantResult = AttemptResult | { kind: 'deferred' };

/** `manual`: by a person, counts nothing in the schedule. `scheduled`: by the sweep, for an attempt that is overdue. */
export type AskedTrigger = 'manual' | 'scheduled';

export interface DeliveryActivities {
  /** Attempt 1. Never throws for a failed attempt. */
  attemptInstantly(input: DeliveryInput): Promise<InstantResult>;
  /**
   * A scheduled attempt. Throws until the delivery has ended: a retryable failure with `nextRetryDelay` up to the time that
   * the row says, a non-retryable one (`DeliveryFailed`) at the end.
   */
  attemptOnSchedule(input: DeliveryInput): Promise<EndStatus>;
  /** An attempt that was asked for: `manual` whenever the next one is due. Never throws for a failed attempt. */
  attemptAsked(input: DeliveryInput, trigger: AskedTrigger): Promise<AttemptResult>;
}

export interface RecoveryInput {
  recoveryId: number;
}

export interface MaintenanceActivities {
  /** Puts some deliveries back into the outbox; answers whether those were the last, and how many wait there now. */
  recoverSome(input: RecoveryInput): Promise<{ done: boolean; waiting: number }>;
  /** Answers how many partitions of the attempt log were made and dropped. */
  maintainAttemptLog(): Promise<{ made: number; dropped: number }>;
  /** Deletes idempotency keys that hold no longer; answers how many. */
  deleteOldKeys(): Promise<{ keysDeleted: number }>;
  /** Audits parts in the order of their ids, for some seconds. Each difference is logged. */
  auditSome(input: { afterPartId: number }): Promise<AuditStepResult>;
}

/** How far an audit is. `partIds` have differences: not all of them when there are many. */
export interface AuditProgress {
  afterPartId: number;
  parts: number;
  differences: number;
  partIds: number[];
}

export interface AuditStepResult extends AuditProgress {
  isDone: boolean;
}

/** The failure type of an audit that found something. */
export const ledgerDiffers = 'LedgerDiffers';

/** The failure type of a delivery that has ended without success. */
export const deliveryFailed = 'DeliveryFailed';

/** The update that asks for an attempt now. Its result says what came of it. */
export const retryNowUpdate = 'retryNow';

export const searchAttributes = {
  orgId: defineSearchAttributeKey('MkOrgId', 'KEYWORD'),
  endpointId: defineSearchAttributeKey('MkEndpointId', 'KEYWORD'),
  eventType: defineSearchAttributeKey('MkEventType', 'KEYWORD'),
  eventId: defineSearchAttributeKey('MkEventId', 'KEYWORD'),
  deliveryStatus: defineSearchAttributeKey('MkDeliveryStatus', 'KEYWORD'),
};
