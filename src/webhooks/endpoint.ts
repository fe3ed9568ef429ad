import { randomBytes } from 'node:crypto';
import type { Pool } from 'pg';
import { type EventType, eventTypes } from './event-types.ts';
import type { SecretBox } from './secret-box.ts';

/** Registers an endpoint and answers its secret. Throws an `Error` that says which input is wrong. */
export async function createEndpoint(
  { pool, secrets }: { pool: Pool; secrets: SecretBox },
  {
    organizationId,
    url,
    events = [...eventTypes],
  }: { organizationId: number; url: string; events?: string[] | undefined },
): Promise<{ id: number; secret: string }> {
  const secret = `whsec_${randomBytes(32).toString('base64')}`;
  const checked = [checkUrl(url), checkEvents(events)];
  const { rows } = await pool.query<{ id: string }>(
    `select nextval('webhook_endpoint_id_seq') as id from organization where id = $1`,
    [organizationId],
  );
  if (rows[0] === undefined) throw new Error(`Organization ${organizationId} does not exist.`);
  const id = Number(rows[0].id);
  await pool.query(
    'insert into webhook_endpoint (id, organization_id, url, events, sealed_secret) values ($1, $2, $3, $4, $5)',
    [id, organizationId, ...checked, secrets.seal(secret, id)],
  );
  return { id, secret };
}

/** Seals every secret that is not sealed with the current key anew; answers how many. */
export async function resealSecrets({ pool, secrets }: { pool: Pool; secrets: SecretBox }): Promise<number> {
  const { rows } = await pool.query<{ id: string; sealed_secret: string }>(
    'select id, sealed_secret from webhook_endpoint',
  );
  const outdated = rows.filter((row) => !secrets.isCurrent(row.sealed_secret));
  for (const { id, sealed_secret } of outdated) {
    const sealed = secrets.seal(secrets.open(sealed_secret, Number(id)), Number(id));
    await pool.query('update webhook_endpoint set sealed_secret = $2 where id = $1 and sealed_secret = $3', [
      id,
      sealed,
      sealed_secret,
    ]);
  }
  return outdated.length;
}

export interface EndpointSummary {
  id: number;
  url: string;
  events: string[];
  disabledAt: string | null;
  disabledReason: string | null;
  createdAt: string;
}

/** An organization's endpoints by id, without their secrets. */
export async function listEndpoints({ pool }: { pool: Pool }, organizationId: number): Promise<EndpointSummary[]> {
  const { rows } = await pool.query(
    `select id, url, events, disabled_at, disabled_reason, created_at
     from webhook_endpoint where organization_id = $1 order by id`,
    [organizationId],
  );
  return rows.map((row) => ({
    id: Number(row.id),
    url: row.url,
    events: row.events,
    disabledAt: row.disabled_at && new Date(row.disabled_at).toISOString(),
    disabledReason: row.disabled_reason,
    createdAt: new Date(row.created_at).toISOString(),
  }));
}

function checkUrl(text: string): string {
  const url = URL.parse(text);
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    throw new Error(`"${text}" is not an http or https URL.`);
  }
  if (url.username !== '' || url.password !== '') throw new Error('The URL must not carry a user name or password.');
  if (text.length > 2_000) throw new Error('The URL must be at most 2000 characters.');
  return url.href;
}

function checkEvents(events: string[]): EventType[] {
  const unknown = events.filter((event) => !eventTypes.some((type) => type === event));
  if (unknown.length > 0)
    throw new Error(`Unknown event ${unknown.join(', ')}; the events are ${eventTypes.join(', ')}.`);
  if (events.length === 0) throw new Error('An endpoint needs at least one event.');
  return eventTypes.filter((type) => events.includes(type));
}
