import { randomBytes } from 'node:crypto';
import type { Queryable } from '../../db/database.ts';
import { notFound } from '../../errors.ts';
import type { SecretBox } from '../secret-box.ts';

export interface EndpointDeps {
  pool: Queryable;
  secrets: SecretBox;
}

export interface EndpointId {
  organizationId: number;
  id: number;
}

export type Endpoint = ReturnType<typeof presentEndpoint>;

export interface EndpointRow {
  id: string;
  url: string;
  description: string | null;
  events: string[];
  sealed_headers: string | null;
  max_concurrency: number | null;
  max_per_second: string | null;
  disabled_at: string | null;
  disabled_reason: string | null;
  created_at: string;
  updated_at: string;
}

export const endpointColumns = `id, url, description, events, sealed_headers, max_concurrency, max_per_second,
  disabled_at, disabled_reason, created_at, updated_at`;

export const isMine = 'organization_id = $1 and id = $2 and deleted_at is null';

/** The endpoint that a statement answers, whose first parameters are organization and id. Throws 404. */
export async function oneEndpoint(
  { pool, secrets }: EndpointDeps,
  { organizationId, id }: EndpointId,
  sql: string,
  values: unknown[] = [],
) {
  const { rows } = await pool.query<EndpointRow>(sql, [organizationId, id, ...values]);
  if (rows[0] === undefined) throw notFound(`There is no webhook endpoint ${id}.`);
  return presentEndpoint(secrets, rows[0]);
}

export const newSecret = () => `whsec_${randomBytes(32).toString('base64')}`;

export const sealHeaders = (secrets: SecretBox, id: number, headers: Record<string, string> | undefined) =>
  headers === undefined ? undefined : secrets.seal(JSON.stringify(headers), id);

/** Their values may be secrets: only for what is sent. */
export const openHeaders = (secrets: SecretBox, id: number, sealed: string | null): Record<string, string> =>
  sealed === null ? {} : JSON.parse(secrets.open(sealed, id));

/** Of the headers only the names: their values may be secrets. */
export function presentEndpoint(secrets: SecretBox, row: EndpointRow) {
  const id = Number(row.id);
  const headers = openHeaders(secrets, id, row.sealed_headers);
  return {
    id,
    url: row.url,
    description: row.description,
    events: row.events,
    headerNames: Object.keys(headers),
    maxConcurrency: row.max_concurrency,
    maxPerSecond: row.max_per_second === null ? null : Number(row.max_per_second),
    disabledAt: row.disabled_at && new Date(row.disabled_at).toISOString(),
    disabledReason: row.disabled_reason,
    createdAt: new Date(row.created_at).toISOString(),
    updatedAt: new Date(row.updated_at).toISOString(),
  };
}
