import { notFound } from '../../errors.ts';
import { eventTypes } from '../event-types.ts';
import { type EndpointDeps, newSecret, sealHeaders } from './endpoint.ts';
import type { NewEndpoint } from './schema.ts';

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
    `insert into webhook_endpoint (id, organization_id, url, description, events, sealed_headers, sealed_secret,
       max_concurrency, max_per_second)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      id,
      organizationId,
      input.url,
      input.description,
      input.events ?? eventTypes,
      sealHeaders(secrets, id, input.headers),
      secrets.seal(secret, id),
      input.maxConcurrency,
      input.maxPerSecond,
    ],
  );
  return { id, secret };
}
