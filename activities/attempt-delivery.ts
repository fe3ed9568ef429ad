import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Pool } from 'pg';
import { eventBody } from '../src/webhooks/events/event-body.ts';
import type { SecretBox } from '../src/webhooks/secret-box.ts';
import {
  type AttemptResult,
  attemptLeaseMs,
  attemptTimeoutMs,
  type EndStatus,
  webhookRetry,
} from '../workflows/contract.ts';
import type { PostOutcome, PostWebhook, WebhookMessage } from './post-webhook.ts';

export interface AttemptDeps {
  pool: Pool;
  secrets: SecretBox;
  post: PostWebhook;
  /** Told at each claim how many attempts at once the endpoint may have, over all workers; null: no limit of its own. */
  noteLimit?: (endpointId: number, maxConcurrency: number | null) => void;
  /** The time where it is not PostgreSQL's own: only in tests, whose server skips hours. */
  now?: () => Promise<Date>;
}

export interface AttemptInput {
  deliveryId: number;
  trigger: 'instant' | 'scheduled' | 'manual';
}

/**
 * Nothing was sent, for a limit of the endpoint stands in the way. `throttled`: the delivery's turn is kept in its row; `full`:
 * it keeps none, and may ask again.
 */
export type HeldBack =
  | { kind: 'full' }
  | { kind: 'throttled'; retryInMs: number; attemptsMade: number; message: string };

const leaseRenewalMs = 2_000;

/**
 * One attempt: claim it in the delivery's row, POST, record what came of it. Without a claim nothing is sent: the row
 * says when the delivery is due, that it has ended, that another attempt is under way, or that the endpoint's limits hold
 * it back. Throws when the row cannot be read; nothing was sent then.
 */
export async function attemptDelivery(deps: AttemptDeps, input: AttemptInput): Promise<AttemptResult | HeldBack> {
  const token = randomUUID();
  const claim = await claimAttempt(deps, input, token);
  if (claim.endpoint_id !== null) deps.noteLimit?.(Number(claim.endpoint_id), claim.max_concurrency);
  switch (claim.verdict) {
    case 'gone':
      return { kind: 'ended', status: 'cancelled', message: 'The delivery does not exist any more.' };
    case 'ended':
      return { kind: 'ended', status: claim.status, message: claim.last_failure ?? `The delivery is ${claim.status}.` };
    case 'busy':
      return waiting(claim, 'Another attempt of this delivery is under way');
    case 'not_due':
      return waiting(claim, claim.last_failure ?? 'Not due yet');
    case 'full':
      return { kind: 'full' };
    case 'throttled':
      return throttled(claim);
    case 'go': {
      const message = await orRelease(deps, input, token, () => messageOf(deps, claim));
      const startInMs = Number(claim.start_in_ms ?? 0);
      const outcome = await underLease(deps, input, token, async () => {
        if (startInMs > 0) await delay(startInMs);
        return deps.post(message);
      });
      return recordOutcome(deps, { ...input, token, outcome, spentMs: startInMs + outcome.durationMs });
    }
  }
}

interface Claim {
  verdict: 'go' | 'ended' | 'busy' | 'not_due' | 'gone' | 'full' | 'throttled';
  status: EndStatus;
  retry_in_ms: string;
  attempts_made: number;
  last_failure: string | null;
  /** null where it holds at once. */
  start_in_ms: string | null;
  turn_at: string;
  max_concurrency: number | null;
  max_per_second: string | null;
  endpoint_id: string | null;
  url: string;
  sealed_secret: string;
  previous_sealed_secret: string | null;
  sealed_headers: string | null;
  event_id: string;
  event_type: string;
  organization_id: string;
  event_created_at: string;
  data: object;
  movement_id: string | null;
  api_key_id: string | null;
}

async function claimAttempt(deps: AttemptDeps, { deliveryId, trigger }: AttemptInput, token: string): Promise<Claim> {
  const { rows } = await deps.pool.query<Claim>({
    name: 'claim-attempt',
    text: 'select * from claim_attempt($1, $2, $3, $4, $5, $6, $7, $8)',
    values: [
      deliveryId,
      token,
      trigger,
      await deps.now?.(),
      attemptLeaseMs,
      attemptTimeoutMs,
      webhookRetry.firstWaitMs,
      webhookRetry.maxAttempts,
    ],
  });
  if (rows[0] === undefined) throw new Error('claim_attempt answered no row');
  return rows[0];
}

const waiting = (claim: Claim, why: string): AttemptResult => ({
  kind: 'waiting',
  retryInMs: Number(claim.retry_in_ms),
  attemptsMade: claim.attempts_made,
  isHeld: claim.verdict === 'busy',
  message: `${why}. Not due for ${Math.ceil(Number(claim.retry_in_ms) / 1000)} s, no attempt was made.`,
});

/**
 * Gives a delivery that is due and finds no room at its endpoint a turn behind all that wait already; `spacingMs` apart, so
 * that a long queue does not ask all at once.
 */
export async function awaitTurn(
  deps: AttemptDeps,
  deliveryId: number,
  { minWaitMs, spacingMs }: { minWaitMs: number; spacingMs: number },
): Promise<Throttled> {
  const { rows } = await deps.pool.query<Turn>('select *, null as max_per_second from await_turn($1, $2, $3, $4)', [
    deliveryId,
    await deps.now?.(),
    Math.ceil(minWaitMs),
    Math.ceil(spacingMs),
  ]);
  if (rows[0] === undefined) throw new Error('await_turn answered no row');
  return throttled(rows[0]);
}

type Turn = Pick<Claim, 'turn_at' | 'retry_in_ms' | 'attempts_made' | 'max_per_second' | 'max_concurrency'>;
type Throttled = Extract<HeldBack, { kind: 'throttled' }>;

const throttled = (turn: Turn): Throttled => ({
  kind: 'throttled',
  retryInMs: Number(turn.retry_in_ms),
  attemptsMade: turn.attempts_made,
  message: `${limitInWords(turn)}: its turn is at ${timeOfDay(turn.turn_at)} UTC, no attempt was made.`,
});

function limitInWords({ max_per_second, max_concurrency }: Turn): string {
  if (max_per_second !== null) return `Rate limit of the endpoint (${Number(max_per_second)} per second)`;
  if (max_concurrency === null) return 'The endpoint has its attempts under way';
  return `Limit of the endpoint (${max_concurrency} ${max_concurrency === 1 ? 'attempt' : 'attempts'} at once)`;
}

const timeOfDay = (instant: string) => new Date(instant).toISOString().slice(11, 19);

function messageOf({ secrets }: AttemptDeps, claim: Claim): WebhookMessage {
  const endpointId = Number(claim.endpoint_id);
  const open = (sealed: string | null) => (sealed === null ? undefined : secrets.open(sealed, endpointId));
  return {
    endpointId,
    url: claim.url,
    secret: secrets.open(claim.sealed_secret, endpointId),
    previousSecret: open(claim.previous_sealed_secret),
    headers: JSON.parse(open(claim.sealed_headers) ?? '{}'),
    eventId: claim.event_id,
    eventType: claim.event_type,
    movementId: claim.movement_id,
    apiKeyId: claim.api_key_id,
    body: JSON.stringify(
      eventBody({
        type: claim.event_type,
        organizationId: Number(claim.organization_id),
        createdAt: new Date(claim.event_created_at),
        data: claim.data,
      }),
    ),
  };
}

/** Gives the claim back when there is nothing that could be sent (the secret does not open): no attempt was made. */
async function orRelease<T>(
  { pool }: AttemptDeps,
  { deliveryId }: AttemptInput,
  token: string,
  prepare: () => T,
): Promise<T> {
  try {
    return prepare();
  } catch (error) {
    await pool.query(
      `update delivery set attempt_token = null, attempt_trigger = null, attempt_started_at = null, attempt_lease_until = null
       where id = $1 and attempt_token = $2`,
      [deliveryId, token],
    );
    throw error;
  }
}

/** Runs the POST and renews the claim's lease meanwhile. A renewal that fails is tried again at the next turn. */
async function underLease<T>(
  deps: AttemptDeps,
  { deliveryId }: AttemptInput,
  token: string,
  post: () => Promise<T>,
): Promise<T> {
  const renewal = setInterval(() => void renew().catch(() => undefined), leaseRenewalMs);
  const renew = async () =>
    deps.pool.query(
      `update delivery set attempt_lease_until = coalesce($3, clock_timestamp()) + make_interval(secs => $4)
       where id = $1 and attempt_token = $2`,
      [deliveryId, token, await deps.now?.(), attemptLeaseMs / 1000],
    );
  try {
    return await post();
  } finally {
    clearInterval(renewal);
  }
}

interface RecordInput extends AttemptInput {
  token: string;
  outcome: PostOutcome;
  /** Of the attempt's time, since its claim. */
  spentMs: number;
}

interface Recorded {
  status: 'pending' | 'retrying' | EndStatus;
  attempts_made: number;
  retry_in_ms: string;
  due_at: string;
}

async function recordOutcome(deps: AttemptDeps, input: RecordInput): Promise<AttemptResult> {
  const recorded = await untilRecorded(() => recordAttempt(deps, input), input.spentMs);
  const { outcome } = input;
  if (outcome.delivered)
    return { kind: 'ended', status: 'delivered', message: `Delivered in ${outcome.durationMs} ms` };
  if (recorded === undefined) throw new Error(`${outcome.failure}, but its outcome could not be recorded`);
  const which =
    input.trigger === 'manual'
      ? 'asked for by hand'
      : `attempt ${recorded.attempts_made} of ${webhookRetry.maxAttempts}`;
  const message = `${outcome.failure}, ${which}`;
  if (recorded.status !== 'retrying' && recorded.status !== 'pending') {
    return { kind: 'ended', status: recorded.status, message: `${message}, the last` };
  }
  return {
    kind: 'waiting',
    retryInMs: Number(recorded.retry_in_ms),
    attemptsMade: recorded.attempts_made,
    isHeld: false,
    message: `${message}, next at ${timeOfDay(recorded.due_at)} UTC`,
  };
}

async function recordAttempt(
  deps: AttemptDeps,
  { deliveryId, trigger, token, outcome }: RecordInput,
): Promise<Recorded> {
  const failed = outcome.delivered ? undefined : outcome;
  const { rows } = await deps.pool.query<Recorded>({
    name: 'record-attempt',
    text: 'select * from record_attempt($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)',
    values: [
      deliveryId,
      token,
      trigger,
      await deps.now?.(),
      outcome.durationMs,
      outcome.delivered,
      failed?.final ?? false,
      failed?.endpointGone ?? false,
      failed?.errorClass,
      failed?.failure,
      failed?.retryAfterMs ?? 0,
      JSON.stringify({ timings: outcome.timings, response: outcome.response }),
      webhookRetry.firstWaitMs,
      webhookRetry.maxAttempts,
    ],
  });
  if (rows[0] === undefined) throw new Error('record_attempt answered no row');
  return rows[0];
}

const recordRetryMs = 500;

/** The POST is done and must not be done again: the record is tried as long as the attempt may take. */
async function untilRecorded(record: () => Promise<Recorded>, spentMs: number): Promise<Recorded | undefined> {
  const giveUpAt = performance.now() + attemptTimeoutMs - spentMs - 2 * recordRetryMs;
  for (;;) {
    try {
      return await record();
    } catch {
      if (performance.now() > giveUpAt) return undefined;
      await delay(recordRetryMs);
    }
  }
}
