import { headersOf } from '../../../activities/sign-webhook.ts';
import type { EndpointDeps } from '../endpoints/endpoint.ts';
import { openHeaders } from '../endpoints/endpoint.ts';
import { eventBody } from '../events/event-body.ts';
import type { DeliveryDetails } from './list-deliveries.ts';

export interface DeliveryMessage {
  body: string;
  bodyBytes: number;
  /** In the order in which they are sent; null where the value is not shown: the endpoint's own may be secrets. */
  headers: [name: string, value: string | null][];
}

interface MessageRow {
  organization_id: string;
  type: string;
  data: object;
  created_at: string;
  movement_id: string | null;
  api_key_id: string | null;
  sealed_headers: string | null;
}

/**
 * What a delivery's next attempt sends. The body has been the same in each; the endpoint's own headers are those of now.
 * Signatures are made for each attempt and kept nowhere.
 */
export async function deliveryMessage(
  { pool, secrets }: EndpointDeps,
  delivery: Pick<DeliveryDetails, 'id' | 'event_id' | 'endpoint_id'>,
): Promise<DeliveryMessage> {
  const { rows } = await pool.query<MessageRow>(
    `select v.organization_id, v.type, v.data, v.created_at, v.movement_id, v.api_key_id, e.sealed_headers
     from delivery d join event v on v.id = d.event_id join webhook_endpoint e on e.id = d.endpoint_id where d.id = $1`,
    [delivery.id],
  );
  const row = rows[0];
  if (row === undefined) throw new Error(`Delivery ${delivery.id} has no event.`);
  const own = Object.keys(openHeaders(secrets, Number(delivery.endpoint_id), row.sealed_headers));
  const headers = headersOf(
    {
      headers: Object.fromEntries(own.map((name) => [name, hidden])),
      eventId: delivery.event_id,
      eventType: row.type,
      movementId: row.movement_id,
      apiKeyId: row.api_key_id,
    },
    { published: hidden, timestamp: hidden, standard: hidden },
  );
  const body = JSON.stringify(
    eventBody({
      type: row.type,
      organizationId: Number(row.organization_id),
      createdAt: new Date(row.created_at),
      data: row.data,
    }),
  );
  return {
    body,
    bodyBytes: Buffer.byteLength(body),
    headers: Object.entries(headers).map(([name, value]) => [name, value === hidden ? null : value]),
  };
}

/** Stands for a value until it is left out: no header can hold it. */
const hidden = '\0';
