import { deliverySorts, deliveryStatuses } from '../../webhooks/deliveries/list-deliveries.ts';
import { everyEventType } from '../../webhooks/event-types.ts';
import type { Operation } from '../operation.ts';
import { dateTime, idOf, limit, listParameters, rowsOf, text } from '../parameters.ts';
import { Delivery, DeliveryDetails, EventDetails, FollowedEvent, one } from '../schemas.ts';

const tag = 'Deliveries';
const accepted = { description: 'Accepted; the delivery tells what comes of it.', schema: one(Delivery) };

export const deliveryOperations: Operation[] = [
  {
    method: 'get',
    path: '/deliveries',
    id: 'listDeliveries',
    tag,
    summary: 'List deliveries',
    description: 'Newest first, 100 unless `limit`.',
    query: {
      endpointId: idOf('To this endpoint.'),
      eventId: { description: 'Of this event.', schema: { type: 'string', format: 'uuid' } },
      event: text('Of events of this type.'),
      status: { description: 'With this status.', schema: { type: 'string', enum: [...deliveryStatuses] } },
      since: dateTime('Created at or after this instant.'),
      until: dateTime('Created before this instant.'),
      ...listParameters(deliverySorts, '-id'),
    },
    answers: rowsOf('Deliveries.', Delivery),
  },
  {
    method: 'get',
    path: '/deliveries/{id}',
    id: 'getDelivery',
    tag,
    summary: 'Get a delivery and its attempts',
    answers: { 200: { description: 'The delivery.', schema: one(DeliveryDetails) } },
  },
  {
    method: 'post',
    path: '/deliveries/{id}/retry',
    id: 'retryDelivery',
    tag,
    summary: 'Try it now',
    description:
      'Beside its schedule; one that has ended starts over. 409 `already_running` while an attempt is under way.',
    answers: { 202: accepted },
  },
  {
    method: 'post',
    path: '/deliveries/{id}/cancel',
    id: 'cancelDelivery',
    tag,
    summary: 'End it',
    answers: { 202: accepted },
  },
  {
    method: 'get',
    path: '/events',
    id: 'listEvents',
    tag,
    summary: 'Follow the events',
    description:
      'What webhooks are sent, for a system that cannot be called: the same bodies, in the order in which they were committed. ' +
      'Keep `nextCursor` and send it as `after` the next time: no event is left out or comes twice, whoever writes meanwhile. ' +
      'It is there on the last page too, and on an empty one. 100 unless `limit`.',
    query: {
      after: text(
        '`nextCursor` of the page before; `now`: only what is still to come. Without it, from the first event.',
      ),
      types: text(`Of these types, by comma: ${everyEventType.map((type) => `\`${type}\``).join(', ')}.`),
      limit,
    },
    answers: rowsOf('Events.', FollowedEvent),
  },
  {
    method: 'get',
    path: '/events/{id}',
    id: 'getEvent',
    tag,
    summary: 'Get an event',
    answers: { 200: { description: 'The event.', schema: one(EventDetails) } },
  },
];
