import type { Pool } from 'pg';
import type { Queryable } from '../../db/database.ts';
import type { List } from '../../http/list.ts';

export interface DeliveryFilter {
  endpointId?: number | undefined;
  eventId?: string | undefined;
  event?: string | undefined;
  status?: string | undefined;
  since?: Date | undefined;
  until?: Date | undefined;
}

export const deliveryStatuses = [
  'pending',
  'retrying',
  'delivered',
  'failed',
  'cancelled',
  'endpoint_disabled',
] as const;

export interface DeliveryDetails {
  id: string;
  endpoint_id: string;
  url: string;
  event_id: string;
  event: string;
  redelivery: number;
  status: (typeof deliveryStatuses)[number];
  attempts_made: number;
  due_at: string;
  awaits_turn: boolean;
  dispatched_at: string | null;
  attempt_lease_until: string | null;
  last_failure: string | null;
  created_at: string;
  ended_at: string | null;
}

const select = `
  select d.id, d.endpoint_id, e.url, d.event_id, v.type as event, d.redelivery, d.status, d.attempts_made, d.due_at, d.awaits_turn,
    d.dispatched_at, d.attempt_lease_until, d.last_failure, d.created_at, d.ended_at
  from delivery d join event v on v.id = d.event_id join webhook_endpoint e on e.id = d.endpoint_id`;

/** An organization's deliveries, newest first. */
export function deliveryList(
  { pool }: { pool: Pool },
  organizationId: number,
  filter: DeliveryFilter,
): List<DeliveryDetails> {
  return {
    positionLength: 1,
    positionOf: (row) => [Number(row.id)],
    present: presentDelivery,
    defaultLimit: 100,
    page: async (after, limit) => {
      const { rows } = await pool.query<DeliveryDetails>(
        `${select}
         where d.organization_id = $1 and d.id < $2
           and ($4::bigint is null or d.endpoint_id = $4)
           and ($5::uuid is null or d.event_id = $5)
           and ($6::text is null or v.type = $6)
           and ($7::text is null or d.status = $7)
           and ($8::timestamptz is null or d.created_at >= $8)
           and ($9::timestamptz is null or d.created_at < $9)
         order by d.id desc limit $3`,
        [
          organizationId,
          after?.[0] ?? Number.MAX_SAFE_INTEGER,
          limit,
          filter.endpointId,
          filter.eventId,
          filter.event,
          filter.status,
          filter.since,
          filter.until,
        ],
      );
      return rows;
    },
  };
}

/** undefined when the organization has no such delivery. */
export async function findDelivery(
  { pool }: { pool: Queryable },
  { organizationId, id }: { organizationId: number; id: number },
): Promise<DeliveryDetails | undefined> {
  const { rows } = await pool.query<DeliveryDetails>(`${select} where d.organization_id = $1 and d.id = $2`, [
    organizationId,
    id,
  ]);
  return rows[0];
}

export function presentDelivery(row: DeliveryDetails) {
  return {
    id: Number(row.id),
    endpointId: Number(row.endpoint_id),
    url: row.url,
    eventId: row.event_id,
    event: row.event,
    status: row.status,
    attemptsMade: row.attempts_made,
    nextAttemptAt: row.ended_at === null ? new Date(row.due_at).toISOString() : null,
    awaitsTurn: row.ended_at === null && row.awaits_turn,
    attemptUnderWay: isAttemptUnderWay(row),
    lastFailure: row.last_failure,
    createdAt: new Date(row.created_at).toISOString(),
    endedAt: row.ended_at && new Date(row.ended_at).toISOString(),
  };
}

export const isAttemptUnderWay = (row: DeliveryDetails) =>
  row.attempt_lease_until !== null && new Date(row.attempt_lease_until).getTime() > Date.now();

interface AttemptRow {
  number: number;
  trigger: string;
  started_at: string;
  duration_ms: number;
  dns_ms: number | null;
  connect_ms: number | null;
  tls_ms: number | null;
  first_byte_ms: number | null;
  status_code: number | null;
  error_class: string | null;
  failure: string | null;
  response_headers: Record<string, string> | null;
  response_body: string | null;
}

/** The delivery's attempts, first to last, as long as the log keeps them. */
export async function listAttempts({ pool }: { pool: Pool }, deliveryId: number) {
  const { rows } = await pool.query<AttemptRow>(
    'select * from delivery_attempt where delivery_id = $1 order by started_at, number',
    [deliveryId],
  );
  return rows.map((row) => ({
    number: row.number,
    trigger: row.trigger,
    startedAt: new Date(row.started_at).toISOString(),
    durationMs: row.duration_ms,
    timings: { dnsMs: row.dns_ms, connectMs: row.connect_ms, tlsMs: row.tls_ms, firstByteMs: row.first_byte_ms },
    statusCode: row.status_code,
    errorClass: row.error_class,
    failure: row.failure,
    responseHeaders: row.response_headers,
    responseBody: row.response_body,
  }));
}
