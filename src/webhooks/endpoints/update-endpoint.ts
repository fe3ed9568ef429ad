import type { Connection } from '../../db/database.ts';
import type { SecretBox } from '../secret-box.ts';
import {
  type Endpoint,
  type EndpointDeps,
  type EndpointId,
  endpointColumns,
  isMine,
  oneEndpoint,
  openHeaders,
  sealHeaders,
} from './endpoint.ts';
import { findEndpoint } from './find-endpoint.ts';
import type { EndpointPatch } from './schema.ts';

/**
 * Changes what the patch names; of the headers that it replaces, those in `keptHeaders` keep their value, which nobody can
 * see. `check` throws when the version that is about to be changed is not the one that is meant. Throws 404.
 */
export async function updateEndpoint(
  { db, secrets }: { db: Connection; secrets: SecretBox },
  id: EndpointId,
  { keptHeaders = [], check, ...patch }: EndpointPatch & UpdateOptions,
): Promise<Endpoint> {
  return db.transaction(async ({ pool }) => {
    const deps = { pool, secrets };
    await pool.query(`select from webhook_endpoint where ${isMine} for update`, [id.organizationId, id.id]);
    const before = await findEndpoint(deps, id);
    check?.(before);
    const kept = await headersNamed(deps, id, keptHeaders);
    const after = await write(deps, id, patch.headers ? { ...patch, headers: { ...kept, ...patch.headers } } : patch);
    const areLimitsOthers =
      before.maxConcurrency !== after.maxConcurrency || before.maxPerSecond !== after.maxPerSecond;
    if (areLimitsOthers) await handOutTurnsAnew(deps, after.id);
    return after;
  });
}

interface UpdateOptions {
  keptHeaders?: readonly string[];
  check?: (current: Endpoint) => void;
}

async function headersNamed(
  { pool, secrets }: EndpointDeps,
  { organizationId, id }: EndpointId,
  names: readonly string[],
) {
  if (names.length === 0) return {};
  const { rows } = await pool.query<{ sealed_headers: string | null }>(
    `select sealed_headers from webhook_endpoint where ${isMine}`,
    [organizationId, id],
  );
  const headers: Record<string, string> = openHeaders(secrets, id, rows[0]?.sealed_headers ?? null);
  return Object.fromEntries(Object.entries(headers).filter(([name]) => names.includes(name)));
}

const write = (deps: EndpointDeps, id: EndpointId, patch: EndpointPatch) =>
  oneEndpoint(
    deps,
    id,
    `update webhook_endpoint set url = coalesce($3, url), events = coalesce($4, events),
       description = case when $5 then $6 else description end,
       sealed_headers = coalesce($7, sealed_headers),
       max_concurrency = case when $8 then $9::integer else max_concurrency end,
       max_per_second = case when $10 then $11::numeric else max_per_second end,
       updated_at = now()
     where ${isMine} returning ${endpointColumns}`,
    [
      patch.url,
      patch.events,
      patch.description !== undefined,
      patch.description,
      sealHeaders(deps.secrets, id.id, patch.headers),
      patch.maxConcurrency !== undefined,
      patch.maxConcurrency,
      patch.maxPerSecond !== undefined,
      patch.maxPerSecond,
    ],
  );

/** For deliveries that wait for their turn by the old limits; the queue's end first, so that nobody queues behind it still. */
async function handOutTurnsAnew({ pool }: EndpointDeps, endpointId: number): Promise<void> {
  await pool.query(`update endpoint_turns set next_turn_at = '-infinity' where endpoint_id = $1`, [endpointId]);
  await pool.query('select respace_turns($1)', [endpointId]);
}
