import { randomBytes } from 'node:crypto';
import type { Queryable } from '../db/database.ts';
import { conflict, notFound } from '../errors.ts';
import type { EndpointPatch, NewEndpoint } from './endpoints/schema.ts';
import { eventTypes } from './event-types.ts';
import type { SecretBox } from './secret-box.ts';

export interface EndpointDeps {
  pool: Queryable;
  secrets: SecretBox;
}

interface EndpointRow {
  id: string;
  url: string;
  description: string | null;
  events: string[];
  sealed_headers: string | null;
  disabled_at: string | null;
  disabled_reason: string | null;
  created_at: string;
  updated_at: string;
}

export type Endpoint = ReturnType<typeof presentEndpoint>;

const columns = 'id, url, description, events, sealed_headers, disabled_at, disabled_reason, created_at, updated_at';

/** Registers an endpoint and answers its secret, the only time that it can be seen. Throws 404 without the organization. */
export async function createEndpoint(
  { pool, secrets }: EndpointDeps,
  { organizationId, ...input }: { organizationId: number; events?: string[] } & Omit<NewEndpoint, 'events'>,
): Promise<{ id: number; secret: string }> {
  const secret = newSecret();
  const { rows } = await pool.query<{ id: string }>(
    `select nextval('webhook_endpoint_id_seq') as id from organization where id = $1`,
    [organizationId],
  );
  if (rows[0] === undefined) throw notFound(`Organization ${organizationId} does not exist.`);
  const id = Number(rows[0].id);
  await pool.query(
    `insert into webhook_endpoint (id, organization_id, url, description, events, sealed_headers, sealed_secret)
     values ($1, $2, $3, $4, $5, $6, $7)`,
    [
      id,
      organizationId,
      input.url,
      input.description,
      input.events ?? eventTypes,
      sealHeaders(secrets, id, input.headers),
      secrets.seal(secret, id),
    ],
  );
  return { id, secret };
}

/** An organization's endpoints by id, without their secrets. */
export async function listEndpoints({ pool, secrets }: EndpointDeps, organizationId: number): Promise<Endpoint[]> {
  const { rows } = await pool.query<EndpointRow>(
    `select ${columns} from webhook_endpoint where organization_id = $1 and deleted_at is null order by id`,
    [organizationId],
  );
  return rows.map((row) => presentEndpoint(secrets, row));
}

export interface EndpointId {
  organizationId: number;
  id: number;
}

/** Throws 404. */
export function findEndpoint(deps: EndpointDeps, endpoint: EndpointId): Promise<Endpoint> {
  return one(deps, endpoint, `select ${columns} from webhook_endpoint where ${isMine}`);
}

/** Changes what the patch names. Throws 404. */
export function updateEndpoint(deps: EndpointDeps, endpoint: EndpointId, patch: EndpointPatch) {
  return one(
    deps,
    endpoint,
    `update webhook_endpoint set url = coalesce($3, url), events = coalesce($4, events),
       description = case when $5 then $6 else description end,
       sealed_headers = coalesce($7, sealed_headers), updated_at = now()
     where ${isMine} returning ${columns}`,
    [
      patch.url,
      patch.events,
      patch.description !== undefined,
      patch.description,
      sealHeaders(deps.secrets, endpoint.id, patch.headers),
    ],
  );
}

/** Its waiting deliveries end as `endpoint_disabled`; the record of what was delivered stays. Throws 404. */
export async function deleteEndpoint(deps: EndpointDeps, endpoint: EndpointId): Promise<void> {
  await one(
    deps,
    endpoint,
    `update webhook_endpoint set deleted_at = now(), disabled_at = coalesce(disabled_at, now()), disabled_reason = 'deleted',
       sealed_headers = null, previous_sealed_secret = null, updated_at = now()
     where ${isMine} returning ${columns}`,
  );
}

/** Throws 404. */
export function setEndpointEnabled(deps: EndpointDeps, endpoint: EndpointId, isEnabled: boolean): Promise<Endpoint> {
  const change = isEnabled
    ? 'disabled_at = null, disabled_reason = null'
    : `disabled_at = coalesce(disabled_at, now()), disabled_reason = coalesce(disabled_reason, 'disabled by hand')`;
  return one(
    deps,
    endpoint,
    `update webhook_endpoint set ${change}, updated_at = now() where ${isMine} returning ${columns}`,
  );
}

/** Answers a new secret; the old one signs beside it for the overlap. Throws 404. */
export async function rotateSecret(
  deps: EndpointDeps,
  endpoint: EndpointId,
  overlapHours = 24,
): Promise<{ secret: string; previousSecretUntil: string }> {
  const secret = newSecret();
  await one(
    deps,
    endpoint,
    `update webhook_endpoint set previous_sealed_secret = sealed_secret, sealed_secret = $3,
       previous_secret_until = now() + make_interval(hours => $4), updated_at = now()
     where ${isMine} returning ${columns}`,
    [deps.secrets.seal(secret, endpoint.id), overlapHours],
  );
  return { secret, previousSecretUntil: new Date(Date.now() + overlapHours * 60 * 60 * 1000).toISOString() };
}

/** Sends an endpoint a real event, marked as a test. Throws 404, or 409 while it is disabled. */
export async function sendTestEvent(
  deps: EndpointDeps,
  endpointId: EndpointId,
  apiKeyId: number | null,
): Promise<{ eventId: string; deliveryId: number }> {
  const endpoint = await findEndpoint(deps, endpointId);
  if (endpoint.disabledAt !== null) throw conflict(`The endpoint is disabled (${endpoint.disabledReason}).`);
  const { rows } = await deps.pool.query<{ event_id: string; delivery_id: string }>(
    'select * from emit_test_event($1, $2, $3)',
    [endpointId.organizationId, endpointId.id, apiKeyId],
  );
  if (rows[0] === undefined) throw new Error('emit_test_event answered no row');
  return { eventId: rows[0].event_id, deliveryId: Number(rows[0].delivery_id) };
}

/** Seals everything of endpoints that is not sealed with the current key anew; answers how many values. */
export async function resealSecrets({ pool, secrets }: EndpointDeps): Promise<number> {
  let count = 0;
  for (const column of ['sealed_secret', 'previous_sealed_secret', 'sealed_headers']) {
    const { rows } = await pool.query<{ id: string; sealed: string }>(
      `select id, ${column} as sealed from webhook_endpoint where ${column} is not null`,
    );
    for (const { id, sealed } of rows.filter((row) => !secrets.isCurrent(row.sealed))) {
      const resealed = secrets.seal(secrets.open(sealed, Number(id)), Number(id));
      await pool.query(`update webhook_endpoint set ${column} = $2 where id = $1 and ${column} = $3`, [
        id,
        resealed,
        sealed,
      ]);
      count += 1;
    }
  }
  return count;
}

const isMine = 'organization_id = $1 and id = $2 and deleted_at is null';

async function one(
  { pool, secrets }: EndpointDeps,
  { organizationId, id }: EndpointId,
  sql: string,
  values: unknown[] = [],
) {
  const { rows } = await pool.query<EndpointRow>(sql, [organizationId, id, ...values]);
  if (rows[0] === undefined) throw notFound(`There is no webhook endpoint ${id}.`);
  return presentEndpoint(secrets, rows[0]);
}

const newSecret = () => `whsec_${randomBytes(32).toString('base64')}`;

const sealHeaders = (secrets: SecretBox, id: number, headers: Record<string, string> | undefined) =>
  headers === undefined ? undefined : secrets.seal(JSON.stringify(headers), id);

/** Of the headers only the names: their values may be secrets. */
function presentEndpoint(secrets: SecretBox, row: EndpointRow) {
  const id = Number(row.id);
  const headers = row.sealed_headers === null ? {} : JSON.parse(secrets.open(row.sealed_headers, id));
  return {
    id,
    url: row.url,
    description: row.description,
    events: row.events,
    headerNames: Object.keys(headers),
    disabledAt: row.disabled_at && new Date(row.disabled_at).toISOString(),
    disabledReason: row.disabled_reason,
    createdAt: new Date(row.created_at).toISOString(),
    updatedAt: new Date(row.updated_at).toISOString(),
  };
}
