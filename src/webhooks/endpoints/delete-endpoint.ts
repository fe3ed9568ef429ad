import { type EndpointDeps, type EndpointId, endpointColumns, isMine, oneEndpoint } from './endpoint.ts';

/** Its waiting deliveries end as `endpoint_disabled`; the record of what was delivered stays. Throws 404. */
export async function deleteEndpoint(deps: EndpointDeps, endpoint: EndpointId): Promise<void> {
  await oneEndpoint(
    deps,
    endpoint,
    `update webhook_endpoint set deleted_at = now(), disabled_at = coalesce(disabled_at, now()), disabled_reason = 'deleted',
       sealed_headers = null, previous_sealed_secret = null, updated_at = now()
     where ${isMine} returning ${endpointColumns}`,
  );
}
