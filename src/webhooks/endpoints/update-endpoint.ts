import { type EndpointDeps, type EndpointId, endpointColumns, isMine, oneEndpoint, sealHeaders } from './endpoint.ts';
import type { EndpointPatch } from './schema.ts';

/** Changes what the patch names. Throws 404. */
export function updateEndpoint(deps: EndpointDeps, endpoint: EndpointId, patch: EndpointPatch) {
  return oneEndpoint(
    deps,
    endpoint,
    `update webhook_endpoint set url = coalesce($3, url), events = coalesce($4, events),
       description = case when $5 then $6 else description end,
       sealed_headers = coalesce($7, sealed_headers), updated_at = now()
     where ${isMine} returning ${endpointColumns}`,
    [
      patch.url,
      patch.events,
      patch.description !== undefined,
      patch.description,
      sealHeaders(deps.secrets, endpoint.id, patch.headers),
    ],
  );
}
