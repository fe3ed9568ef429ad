import type { Queryable } from '../../db/database.ts';
import { readPage } from '../../db/keyset.ts';
import { type DeliveryDetails, deliveryList, deliverySorts } from '../../webhooks/deliveries/list-deliveries.ts';
import type { EndpointId } from '../../webhooks/endpoints/endpoint.ts';

const count = 5;

/** An endpoint's last deliveries. */
export const latestDeliveries = (
  deps: { pool: Queryable },
  { organizationId, id }: EndpointId,
): Promise<DeliveryDetails[]> =>
  readPage<DeliveryDetails>(deps, deliveryList(organizationId, { endpointId: id }).rows, {
    sort: deliverySorts.id,
    descending: true,
    limit: count,
  });
