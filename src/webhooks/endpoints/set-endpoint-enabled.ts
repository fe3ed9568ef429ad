import { type Endpoint, type EndpointDeps, type EndpointId, endpointColumns, isMine, oneEndpoint } from './endpoint.ts';

/** Throws 404. */
export function setEndpointEnabled(deps: EndpointDeps, endpoint: EndpointId, isEnabled: boolean): Promise<Endpoint> {
  const change = isEnabled
    ? 'disabled_at = null, disabled_reason = null'
    : `disabled_at = coalesce(disabled_at, now()), disabled_reason = coalesce(disabled_reason, 'disabled by hand')`;
  return oneEndpoint(
    deps,
    endpoint,
    `update webhook_endpoint set ${change}, updated_at = now() where ${isMine} returning ${endpointColumns}`,
  );
}
