import { z } from 'zod';
import type { ZodOpenApiPathsObject } from 'zod-openapi';
import { movementKinds } from '../stock/movements/schema.ts';
import type { EventType } from '../webhooks/event-types.ts';
import type { Parameter } from './operation.ts';
import { Location, Part } from './schemas.ts';

/** What endpoints get: one entry for each type of event. */

const movementData = z.object({
  partId: z.int(),
  sku: z.string(),
  locationId: z.int(),
  qtyDelta: z.number(),
  kind: z.enum(movementKinds),
  onHand: z.number().meta({ description: 'The part’s total over all locations.' }),
  unit: z.string(),
});
const crossingData = z.object({
  partId: z.int(),
  sku: z.string(),
  onHand: z.number(),
  reorderPoint: z.number(),
  unit: z.string(),
});
const locationLowData = z.object({
  partId: z.int(),
  sku: z.string(),
  locationId: z.int(),
  onHand: z.number().meta({ description: 'At this location.' }),
  minimum: z.number(),
  unit: z.string(),
});

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
              schema: z.object({ event: z.literal(type), orgId: z.int(), createdAt: z.int(), data }),
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
