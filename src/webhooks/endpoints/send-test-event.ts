import { conflict } from '../../errors.ts';
import type { EndpointDeps, EndpointId } from './endpoint.ts';
import { findEndpoint } from './find-endpoint.ts';

/** Sends an endpoint a real event, marked as a test. Throws 404, or 409 while it is disabled. */
export async function sendTestEvent(
  deps: EndpointDeps,
  endpointId: EndpointId,
  apiKeyId: number | null,
): Promise<{ eventId: string; deliveryId: number }> {
  const endpoint = await findEndpoint(deps, endpointId);
  if (endpoint.disabledAt !== null) throw conflict(`The endpoint is disabled (${endpoint.disabledReason}).`);
  const { rows } = await deps.pool.query<{ event_id: string; delivery_id: string }>(
    'select * from emit_test_event($1, $2, $3)',
    [endpointId.organizationId, endpointId.id, apiKeyId],
  );
  if (rows[0] === undefined) throw new Error('emit_test_event answered no row');
  return { eventId: rows[0].event_id, deliveryId: Number(rows[0].delivery_id) };
}
