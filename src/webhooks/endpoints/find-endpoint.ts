import {
  type Endpoint,
  type EndpointDeps,
  type EndpointId,
  type EndpointRow,
  endpointColumns,
  isMine,
  oneEndpoint,
  presentEndpoint,
} from './endpoint.ts';

/** Throws 404. */
export function findEndpoint(deps: EndpointDeps, endpoint: EndpointId): Promise<Endpoint> {
  return oneEndpoint(deps, endpoint, `select ${endpointColumns} from webhook_endpoint where ${isMine}`);
}

/** An organization's endpoints by id, without their secrets. */
export async function listEndpoints({ pool, secrets }: EndpointDeps, organizationId: number): Promise<Endpoint[]> {
  const { rows } = await pool.query<EndpointRow>(
    `select ${endpointColumns} from webhook_endpoint where organization_id = $1 and deleted_at is null order by id`,
    [organizationId],
  );
  return rows.map((row) => presentEndpoint(secrets, row));
}
