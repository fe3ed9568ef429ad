import { setTimeout as delay } from 'node:timers/promises';
import type { Pool } from 'pg';
import { createEndpoint } from '../../src/webhooks/endpoints/create-endpoint.ts';
import type { TestApi } from './api.ts';

export interface Subscriber {
  organizationId: number;
  key: string;
  endpointId: number;
  secret: string;
  /** Creates a part: one `part.created` for each endpoint. */
  createPart(sku?: string): Promise<void>;
}

let parts = 0;

/** An endpoint in an organization of its own, with a key that makes its events. */
export async function subscribe(api: TestApi, url: string, events?: string[]): Promise<Subscriber> {
  const organizationId = await api.createOrganization();
  const key = await api.createKey('write', organizationId);
  const { id: endpointId, secret } = await createEndpoint(api.db, { organizationId, url, events });
  return {
    organizationId,
    key,
    endpointId,
    secret,
    async createPart(sku = `P-${++parts}`) {
      const answer = await api.request('POST', '/parts', { key, body: { sku, name: 'Part' } });
      if (answer.status !== 201) throw new Error(`POST /parts answered ${answer.status}: ${answer.text}`);
    },
  };
}

export interface DeliveryState {
  id: number;
  endpointId: number;
  eventId: string;
  movementId: number | null;
  status: string;
  attemptsMade: number;
  lastFailure: string | null;
  isEnded: boolean;
  isUnderWay: boolean;
  awaitsTurn: boolean;
  dueAtMs: number;
}

/** An endpoint's deliveries, oldest first. */
export async function deliveriesOf({ pool }: { pool: Pool }, endpointId: number): Promise<DeliveryState[]> {
  const { rows } = await pool.query(
    `select d.*, v.movement_id from delivery d join event v on v.id = d.event_id where endpoint_id = $1 order by d.id`,
    [endpointId],
  );
  return rows.map((row) => ({
    id: Number(row.id),
    endpointId: Number(row.endpoint_id),
    eventId: row.event_id,
    movementId: row.movement_id === null ? null : Number(row.movement_id),
    status: row.status,
    attemptsMade: row.attempts_made,
    lastFailure: row.last_failure,
    isEnded: row.ended_at !== null,
    isUnderWay: row.attempt_token !== null,
    awaitsTurn: row.awaits_turn,
    dueAtMs: new Date(row.due_at).getTime(),
  }));
}

export interface AttemptLine {
  number: number;
  trigger: string;
  startedAtMs: number;
  durationMs: number;
  statusCode: number | null;
  errorClass: string | null;
  failure: string | null;
}

export async function attemptsOf({ pool }: { pool: Pool }, deliveryId: number): Promise<AttemptLine[]> {
  const { rows } = await pool.query('select * from delivery_attempt where delivery_id = $1 order by number', [
    deliveryId,
  ]);
  return rows.map((row) => ({
    number: row.number,
    trigger: row.trigger,
    startedAtMs: new Date(row.started_at).getTime(),
    durationMs: row.duration_ms,
    statusCode: row.status_code,
    errorClass: row.error_class,
    failure: row.failure,
  }));
}

/** The endpoint's only delivery once `count` attempts of it are recorded. */
export function attempted(db: { pool: Pool }, endpointId: number, count = 1, timeoutMs = 30_000) {
  return eventually(
    async () => {
      const [delivery] = await deliveriesOf(db, endpointId);
      return delivery && delivery.attemptsMade >= count && !delivery.isUnderWay ? delivery : undefined;
    },
    `${count} attempts recorded`,
    timeoutMs,
  );
}

/** The endpoint's only delivery once it has ended. */
export function ended(db: { pool: Pool }, endpointId: number, timeoutMs = 30_000) {
  return eventually(
    async () => {
      const [delivery] = await deliveriesOf(db, endpointId);
      return delivery?.isEnded ? delivery : undefined;
    },
    'the delivery ended',
    timeoutMs,
  );
}

/** Resolves with the first truthy answer of `read`; rejects after `timeoutMs`. An error of `read` counts as not yet. */
export async function eventually<T>(
  read: () => Promise<T | undefined | false> | T | undefined | false,
  what: string,
  timeoutMs = 30_000,
): Promise<T> {
  const giveUpAt = Date.now() + timeoutMs;
  for (;;) {
    let last: unknown;
    try {
      const answer = await read();
      if (answer) return answer;
    } catch (error) {
      last = error;
    }
    if (Date.now() > giveUpAt) throw new Error(`not so within ${timeoutMs} ms: ${what}`, { cause: last });
    await delay(25);
  }
}
