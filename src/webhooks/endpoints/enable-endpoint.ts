import type { Connection, Queryable } from '../../db/database.ts';
import { countRecoverableOf, createRecovery, type Recovery, type RecoveryRequest } from '../recovery.ts';
import type { SecretBox } from '../secret-box.ts';
import { type Endpoint, type EndpointId, endpointColumns, isMine, oneEndpoint } from './endpoint.ts';

/** What to recover; without `since`, what did not get through since it began to fail, or was disabled. */
export type WhatWasMissed = Omit<RecoveryRequest, 'since' | 'dryRun'> & { since?: Date | undefined };

/**
 * Lets an endpoint receive events again, with a clean record, and in the same transaction leaves the recovery of what it
 * missed for the worker, if that is asked for. One that is enabled already has missed nothing, unless `since` says when.
 * Throws 404.
 */
export function enableEndpoint(
  { db, secrets }: { db: Connection; secrets: SecretBox },
  id: EndpointId,
  recover?: WhatWasMissed,
): Promise<Endpoint & { recovery?: Recovery }> {
  return db.transaction(async ({ pool: connection }) => {
    const missed = recover && (await whatWasMissed(connection, id, recover));
    const endpoint = await oneEndpoint(
      { pool: connection, secrets },
      id,
      `update webhook_endpoint set disabled_at = null, disabled_reason = null,
         failing_since = case when disabled_at is null then failing_since end,
         failed_deliveries = case when disabled_at is null then failed_deliveries else 0 end, updated_at = now()
       where ${isMine} returning ${endpointColumns}`,
    );
    if (missed === undefined) return endpoint;
    return {
      ...endpoint,
      recovery: await createRecovery(connection, id, { ...missed, events: missed.events ?? endpoint.events }),
    };
  });
}

/** How much would be sent again if the endpoint were enabled now, and asked for what it missed. Throws 404. */
export function countMissed({ db }: { db: Connection }, id: EndpointId): Promise<number> {
  return db.transaction(async ({ pool: connection }) =>
    countRecoverableOf({ pool: connection }, id, await whatWasMissed(connection, id, {})),
  );
}

/** A movement that is being recorded just now may not see yet that the endpoint is enabled. */
const inFlightMs = 1_000;

/** By PostgreSQL's clock, which events have too. */
async function whatWasMissed(
  connection: Queryable,
  { organizationId, id }: EndpointId,
  { since, until, ...recover }: WhatWasMissed,
): Promise<RecoveryRequest> {
  const { rows } = await connection.query<MissedRow>(
    `select disabled_at, least(failing_since, disabled_at) as ended_since, clock_timestamp() as now,
       (select min(v.created_at) from delivery d join event v on v.id = d.event_id
        where d.organization_id = $1 and d.endpoint_id = $2
          and coalesce(d.ended_at >= least(failing_since, disabled_at), true)
          and d.status not in ('delivered')) as first_failed_at
     from webhook_endpoint where ${isMine} for no key update`,
    [organizationId, id],
  );
  const row = rows[0];
  const now = new Date(row?.now ?? Date.now());
  if (since !== undefined) return { ...recover, since, until: until ?? now };
  if (row === undefined || row.disabled_at === null) return { ...recover, since: now, until: now };
  const disabledAt = new Date(row.disabled_at);
  return {
    ...recover,
    since: new Date(Math.min(disabledAt.getTime(), new Date(row.first_failed_at ?? disabledAt).getTime())),
    until: until ?? new Date(now.getTime() + inFlightMs),
    missedSince: disabledAt,
    endedSince: new Date(row.ended_since ?? disabledAt),
  };
}

interface MissedRow {
  disabled_at: string | null;
  ended_since: string | null;
  first_failed_at: string | null;
  now: string;
}
