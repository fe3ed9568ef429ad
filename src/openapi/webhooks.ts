import { z } from 'zod';
import type { ZodOpenApiPathsObject } from 'zod-openapi';
import { movementKinds } from '../stock/movements/schema.ts';
import type { EventType } from '../webhooks/event-types.ts';
import type { Parameter } from './operation.ts';
import { Location, Part } from './schemas.ts';

/** What endpoints get: one entry for each type of event. */

const id = z.int().min(1).meta({ format: 'int64' });
const epochMs = z.int().meta({ format: 'int64', description: 'Epoch milliseconds.' });

const movementData = z
  .object({
    partId: id,
    sku: z.string(),
    locationId: id,
    qtyDelta: z.number(),
    kind: z.enum(movementKinds),
    onHand: z.number().meta({ description: 'The part’s total over all locations.' }),
    unit: z.string(),
  })
  .meta({ id: 'StockMovementData' });
const crossingData = z
  .object({
    partId: id,
    sku: z.string(),
    onHand: z.number(),
    reorderPoint: z.number(),
    unit: z.string(),
  })
  .meta({ id: 'StockCrossingData' });
const locationLowData = z
  .object({
    partId: id,
    sku: z.string(),
    locationId: id,
    onHand: z.number().meta({ description: 'At this location.' }),
    minimum: z.number(),
    unit: z.string(),
  })
  .meta({ id: 'StockLocationLowData' });

const events: Record<EventType, [summary: string, data: z.ZodType]> = {
  'stock.movement.created': ['Any stock change', movementData],
  'stock.low': ['On hand dropped to or below the reorder point', crossingData],
  'stock.recovered': ['On hand rose above the reorder point again', crossingData],
  'stock.location_low': ['On hand at a location dropped to or below its minimum', locationLowData],
  'part.created': ['A part was created', Part],
  'part.updated': ['A part’s details changed', Part],
  'location.created': ['A location was created', Location],
  'location.updated': ['A location’s details changed', Location],
};

/** `stock.low` is `StockLowEvent`. */
const nameOf = (type: string) => `${type.replace(/(?:^|[._])(\w)/g, (_, letter: string) => letter.toUpperCase())}Event`;

const signatures: Record<string, Parameter> = {
  'X-MK-Event': { description: 'The type of the event.', schema: { type: 'string' } },
  'X-MK-Signature': {
    description: '`sha256=` and the HMAC-SHA-256, in hex, of the raw body under the whole secret.',
    schema: { type: 'string' },
  },
  'webhook-id': {
    description: 'The event’s id, the same on every attempt: drop what you have seen.',
    schema: { type: 'string', format: 'uuid' },
  },
  'webhook-timestamp': { description: 'Of this attempt, in epoch seconds.', schema: { type: 'string' } },
  'webhook-signature': { description: 'By Standard Webhooks 1.0.0.', schema: { type: 'string' } },
};

export const webhooks: ZodOpenApiPathsObject = Object.fromEntries(
  Object.entries(events).map(([type, [summary, data]]) => [
    type,
    {
      post: {
        operationId: `on.${type}`,
        tags: ['Webhook endpoints'],
        summary,
        security: [],
        parameters: Object.entries(signatures).map(([name, { description, schema }]) => ({
          name,
          in: 'header' as const,
          required: true,
          description,
          schema,
        })),
        requestBody: {
          required: true,
          content: {
            'application/json': {
              schema: z
                .object({ event: z.literal(type), orgId: id, createdAt: epochMs, data })
                .meta({ id: nameOf(type) }),
            },
          },
        },
        responses: {
          '2XX': { description: 'Delivered.' },
          '410': { description: 'Gone: the endpoint is disabled.' },
          default: { description: 'Tried again, with exponential backoff over hours.' },
        },
      },
    },
  ]),
);
