import { sql } from 'kysely';
import type { Pool } from 'pg';
import { conditionsOf, isStorable, nothing } from '../../db/conditions.ts';
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

const columns = `
  d.id, d.endpoint_id, e.url, d.event_id, v.type as event, d.redelivery, d.status, d.attempts_made, d.due_at, d.awaits_turn,
    d.dispatched_at, d.attempt_lease_until, d.last_failure, d.created_at, d.ended_at`;
const from = `
  delivery d join event v on v.id = d.event_id join webhook_endpoint e on e.id = d.endpoint_id`;

const id = { sql: sql`d.id`, type: 'number' } as const;
export const deliverySorts = { id: { key: [id] } } satisfies List<DeliveryDetails>['sorts'];

/** An organization's deliveries. */
export const deliveryList = (organizationId: number, filter: DeliveryFilter): List<DeliveryDetails> => ({
  name: 'deliveries',
  sorts: deliverySorts,
  defaultSort: '-id',
  defaultLimit: 100,
  rows: {
    columns: sql.raw(columns),
    from: sql.raw(from),
    where: [
      sql`d.organization_id = ${organizationId}`,
      ...conditionsOf(filter, {
        endpointId: (endpointId) => sql`d.endpoint_id = ${endpointId}`,
        eventId: (eventId) => sql`d.event_id = ${eventId}`,
        event: (type) => (isStorable(type) ? sql`v.type = ${type}` : nothing),
        status: (status) => sql`d.status = ${status}`,
        since: (at) => sql`d.created_at >= ${at}`,
        until: (at) => sql`d.created_at < ${at}`,
      }),
    ],
  },
  present: presentDelivery,
  columns: shownColumns,
});

const shownColumns = [
  'id',
  'endpointId',
  'url',
  'eventId',
  'event',
  'status',
  'attemptsMade',
  'nextAttemptAt',
  'awaitsTurn',
  'attemptUnderWay',
  'lastFailure',
  'createdAt',
  'endedAt',
] as const satisfies (keyof ReturnType<typeof presentDelivery>)[];

/** undefined when the organization has no such delivery. */
export async function findDelivery(
  { pool }: { pool: Queryable },
  { organizationId, id }: { organizationId: number; id: number },
): Promise<DeliveryDetails | undefined> {
  const { rows } = await pool.query<DeliveryDetails>(
    `select ${columns} from ${from} where d.organization_id = $1 and d.id = $2`,
    [organizationId, id],
  );
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

export type Attempt = Awaited<ReturnType<typeof listAttempts>>[number];

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
