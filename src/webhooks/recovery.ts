import type { Client } from '@temporalio/client';
import type { Pool } from 'pg';
import { webhookTaskQueue } from '../../workflows/contract.ts';
import type { recoverDeliveries } from '../../workflows/recover-deliveries.ts';
import type { Queryable } from '../db/database.ts';
import { conflict, notFound } from '../errors.ts';
import type { EndpointId } from './endpoints/endpoint.ts';
import type { EventType } from './event-types.ts';

/** What can be sent again; `missed` are events for which there is no delivery, for the endpoint was disabled. */
export const recoverableStatuses = ['failed', 'endpoint_disabled', 'cancelled', 'missed'] as const;
export type RecoverableStatus = (typeof recoverableStatuses)[number];
/** Without other choice. */
export const defaultStatuses: RecoverableStatus[] = ['failed', 'endpoint_disabled', 'missed'];

export interface RecoveryRequest {
  since: Date;
  until?: Date | undefined;
  /** Undefined: those that the endpoint subscribes to. */
  events?: EventType[] | undefined;
  statuses?: RecoverableStatus[] | undefined;
  dryRun?: boolean | undefined;
  /** Where these are later than `since`: of the missed events, and when deliveries ended. */
  missedSince?: Date | undefined;
  endedSince?: Date | undefined;
}

export type Recovery = ReturnType<typeof presentRecovery>;

interface RecoveryRow {
  id: string;
  endpoint_id: string;
  since: string;
  until: string;
  events: string[];
  statuses: string[];
  total: number;
  recovered: number;
  created_at: string;
  ended_at: string | null;
}

/**
 * Counts what an endpoint missed and, unless it is a dry run, leaves a recovery for the worker: a workflow of its own that
 * goes on where it was after any interruption. Throws 404, or 409 while the endpoint is disabled.
 */
export async function recoverDeliveriesOf(
  deps: { pool: Queryable },
  endpoint: EndpointId,
  { dryRun = false, ...request }: RecoveryRequest,
): Promise<Recovery | { dryRun: true; total: number }> {
  if (dryRun) return { dryRun, total: await countRecoverableOf(deps, endpoint, request) };
  const found = await endpointOf(deps, endpoint);
  if (found.disabled_at !== null) throw conflict('The endpoint is disabled: enable it first.');
  return createRecovery(deps.pool, endpoint, { ...request, events: request.events ?? found.events });
}

/** Throws 404. */
export async function countRecoverableOf(
  deps: { pool: Queryable },
  endpoint: EndpointId,
  request: Omit<RecoveryRequest, 'dryRun'>,
): Promise<number> {
  const { events } = await endpointOf(deps, endpoint);
  return countRecoverable(deps.pool, endpoint, { ...request, events: request.events ?? events });
}

async function endpointOf({ pool }: { pool: Queryable }, { organizationId, id }: EndpointId) {
  const { rows } = await pool.query<{ events: string[]; disabled_at: string | null }>(
    'select events, disabled_at from webhook_endpoint where organization_id = $1 and id = $2 and deleted_at is null',
    [organizationId, id],
  );
  if (rows[0] === undefined) throw notFound(`There is no webhook endpoint ${id}.`);
  return rows[0];
}

type Wanted = Omit<RecoveryRequest, 'dryRun' | 'events'> & { events: string[] };

/** Leaves a recovery of an endpoint that is enabled for the worker. */
export async function createRecovery(pool: Queryable, endpoint: EndpointId, wanted: Wanted): Promise<Recovery> {
  const { rows } = await pool.query<RecoveryRow>(
    `insert into recovery (organization_id, endpoint_id, since, until, events, statuses, missed_since, ended_since, total)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning *`,
    [...valuesOf(endpoint, wanted), await countRecoverable(pool, endpoint, wanted)],
  );
  if (rows[0] === undefined) throw new Error('the recovery was not written');
  return presentRecovery(rows[0]);
}

async function countRecoverable(pool: Queryable, endpoint: EndpointId, wanted: Wanted): Promise<number> {
  const { rows } = await pool.query<{ total: number }>(
    `select count(*)::integer as total from recoverable(row(0, $1, $2, $3, $4, $5, $6, $7, $8,
       0, 0, '00000000-0000-0000-0000-000000000000', null, null, now())::recovery)`,
    valuesOf(endpoint, wanted),
  );
  return rows[0]?.total ?? 0;
}

const valuesOf = ({ organizationId, id }: EndpointId, wanted: Wanted) => [
  organizationId,
  id,
  wanted.since,
  wanted.until ?? new Date(),
  wanted.events,
  wanted.statuses ?? defaultStatuses,
  wanted.missedSince,
  wanted.endedSince,
];

/** Throws 404. */
export async function findRecovery({ pool }: { pool: Pool }, { organizationId, id }: EndpointId) {
  const { rows } = await pool.query<RecoveryRow>('select * from recovery where organization_id = $1 and id = $2', [
    organizationId,
    id,
  ]);
  if (rows[0] === undefined) throw notFound(`There is no recovery ${id}.`);
  return presentRecovery(rows[0]);
}

function presentRecovery(row: RecoveryRow) {
  return {
    id: Number(row.id),
    endpointId: Number(row.endpoint_id),
    since: new Date(row.since).toISOString(),
    until: new Date(row.until).toISOString(),
    events: row.events,
    statuses: row.statuses,
    status: row.ended_at === null ? 'running' : 'done',
    total: row.total,
    recovered: row.recovered,
    createdAt: new Date(row.created_at).toISOString(),
    endedAt: row.ended_at && new Date(row.ended_at).toISOString(),
  };
}

/** Starts a recovery's workflow, or finds it running. */
export type StartRecovery = (recoveryId: number) => Promise<void>;

export const createStartRecovery =
  (client: Client): StartRecovery =>
  async (recoveryId) => {
    await client.workflow.start<typeof recoverDeliveries>('recoverDeliveries', {
      workflowId: `recovery/${recoveryId}`,
      taskQueue: webhookTaskQueue,
      args: [{ recoveryId }],
      workflowIdConflictPolicy: 'USE_EXISTING',
    });
  };

/** Starts the recoveries that wait, and again those that have been going on for a minute: their workflow may be lost. */
export async function startRecoveries({
  pool,
  startRecovery,
}: {
  pool: Pool;
  startRecovery: StartRecovery;
}): Promise<void> {
  const { rows } = await pool.query<{ id: string }>(
    `update recovery set started_at = clock_timestamp()
     where ended_at is null and (started_at is null or started_at < clock_timestamp() - interval '1 minute') returning id`,
  );
  for (const { id } of rows) await startRecovery(Number(id));
}
