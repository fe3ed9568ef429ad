import { sql } from 'kysely';
import { readPages } from '../../db/keyset.ts';
import type { List } from '../../http/list.ts';
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

export const endpointSorts = {
  id: { key: [{ sql: sql`webhook_endpoint.id`, type: 'number' }] },
} satisfies List<EndpointRow>['sorts'];

/** An organization's endpoints, without their secrets. */
export const endpointList = (
  { secrets }: Pick<EndpointDeps, 'secrets'>,
  organizationId: number,
): List<EndpointRow, 'id', Endpoint> => ({
  name: 'webhook-endpoints',
  sorts: endpointSorts,
  defaultSort: 'id',
  rows: {
    columns: sql.raw(endpointColumns),
    from: sql`webhook_endpoint`,
    where: [sql`organization_id = ${organizationId} and deleted_at is null`],
  },
  present: (row) => presentEndpoint(secrets, row),
  columns: shownColumns,
});

const shownColumns = [
  'id',
  'url',
  'description',
  'events',
  'headerNames',
  'maxConcurrency',
  'maxPerSecond',
  'disabledAt',
  'disabledReason',
  'createdAt',
  'updatedAt',
] as const satisfies (keyof ReturnType<typeof presentEndpoint>)[];

export async function listEndpoints(deps: EndpointDeps, organizationId: number): Promise<Endpoint[]> {
  const { rows, present } = endpointList(deps, organizationId);
  const pages = readPages<EndpointRow>(deps, rows, { sort: endpointSorts.id, descending: false });
  return (await Array.fromAsync(pages)).flat().map(present);
}
