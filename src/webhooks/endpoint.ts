import { randomBytes } from 'node:crypto';
import type { Pool } from 'pg';
import { type EventType, eventTypes } from './event-types.ts';

/** Registers an endpoint and answers its secret. Throws an `Error` that says which input is wrong. */
export async function createEndpoint(
  { pool }: { pool: Pool },
  {
    organizationId,
    url,
    events = [...eventTypes],
  }: { organizationId: number; url: string; events?: string[] | undefined },
): Promise<{ id: number; secret: string }> {
  const secret = `whsec_${randomBytes(32).toString('base64')}`;
  const { rows } = await pool.query<{ id: string }>(
    `insert into webhook_endpoint (organization_id, url, events, secret)
     select id, $2, $3, $4 from organization where id = $1 returning id`,
    [organizationId, checkUrl(url), checkEvents(events), secret],
  );
  if (rows[0] === undefined) throw new Error(`Organization ${organizationId} does not exist.`);
  return { id: Number(rows[0].id), secret };
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
