import { type Endpoint, type EndpointDeps, type EndpointId, endpointColumns, isMine, oneEndpoint } from './endpoint.ts';

/** The reason of an endpoint that somebody has disabled; any other is why we have done it. */
export const disabledByHand = 'disabled by hand';

/** It gets no more events; its waiting deliveries end as `endpoint_disabled`. Throws 404. */
export function disableEndpoint(deps: EndpointDeps, endpoint: EndpointId): Promise<Endpoint> {
  return oneEndpoint(
    deps,
    endpoint,
    `update webhook_endpoint set disabled_at = coalesce(disabled_at, now()),
       disabled_reason = coalesce(disabled_reason, $3), updated_at = now()
     where ${isMine} returning ${endpointColumns}`,
    [disabledByHand],
  );
}
