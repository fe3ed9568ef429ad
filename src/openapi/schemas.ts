import { z } from 'zod';
import { movementKinds } from '../stock/movements/schema.ts';
import { deliveryStatuses } from '../webhooks/deliveries/list-deliveries.ts';

/** What answers look like. They may gain keys: a client must not mind. */

const id = z.int().min(1);
const quantity = z.number();
const cents = z.int();
const at = z.string().meta({ format: 'date-time' });
const text = z.string();

export const ErrorAnswer = z
  .object({ error: z.object({ code: text, message: text }) })
  .meta({ id: 'Error', description: 'What is wrong, as a code for programs and a message for people.' });

const partShape = {
  id,
  sku: text,
  name: text,
  description: text.nullable(),
  unit: text,
  reorderPoint: quantity.nullable(),
  unitCost: cents.nullable().meta({ description: 'As people entered it, in cents; receipts never change it.' }),
  onHand: quantity.meta({ description: 'Over all locations.' }),
  createdAt: at,
  updatedAt: at.meta({ description: 'Of the part’s own fields: movements do not change it.' }),
  externalId: text.nullable(),
  barcode: text.nullable(),
  category: text.nullable(),
  manufacturerPartNumber: text.nullable(),
  supplier: text.nullable(),
  leadTimeDays: z.int().nullable(),
  locationMinimums: z.array(z.object({ locationId: id, location: text, minimum: quantity })),
  archived: z.boolean(),
  averageCost: z
    .number()
    .nullable()
    .meta({ description: 'Cents for one unit, by moving average; null without stock.' }),
  value: cents.meta({ description: 'What the stock cost, in cents.' }),
};
export const Part = z.object(partShape).meta({ id: 'Part' });

export const Location = z
  .object({ id, name: text, createdAt: at, updatedAt: at, externalId: text.nullable() })
  .meta({ id: 'Location' });

export const Level = z
  .object({
    partId: id,
    sku: text,
    locationId: id,
    location: text,
    onHand: quantity,
    unit: text,
    value: cents.meta({
      description:
        'This level’s share of the part’s value, in cents: the average × the level to within a cent, together exactly the value.',
    }),
  })
  .meta({ id: 'StockLevel', description: 'The stock of one part at one location.' });

const kind = z.enum(movementKinds);

export const Movement = z
  .object({
    id,
    kind,
    partId: id,
    sku: text,
    locationId: id,
    location: text,
    qtyDelta: quantity,
    onHand: quantity.meta({ description: 'The part’s total over all locations after this movement.' }),
    unit: text,
    unitCost: cents.nullable(),
    transferId: id.nullable().meta({ description: 'Shared by the two rows of a transfer: the id of the first.' }),
    note: text.nullable(),
    createdAt: at,
    occurredAt: at,
    externalId: text.nullable(),
    reference: text.nullable(),
    referenceLine: text.nullable(),
    reasonCode: text.nullable(),
    costCenter: text.nullable(),
    workOrder: text.nullable(),
    reverses: id.nullable(),
    expected: quantity.nullable().meta({ description: 'Of a count: what the books said.' }),
    counted: quantity.nullable().meta({ description: 'Of a count: what was found.' }),
    value: cents.meta({ description: 'Cents that this movement added to the part’s value.' }),
  })
  .meta({ id: 'Movement' });

const summary = { partId: id, sku: text, onHand: quantity, unit: text };
export const MovementSummary = z
  .object(summary)
  .meta({ id: 'MovementSummary', description: '`onHand` is the part’s total over all locations.' });

const itemError = { status: z.int(), error: z.object({ code: text, message: text }) };
export const BatchMovement = z
  .union([z.object({ status: z.int().optional(), ...summary, movementId: id.nullable() }), z.object(itemError)])
  .meta({ id: 'MovementBatchResult', description: 'With `status` in a batch that is not atomic.' });

export const BatchPart = z
  .union([
    z.object({ ...partShape, id: id.nullable(), status: z.enum(['created', 'updated', 'unchanged']) }),
    z.object(itemError),
  ])
  .meta({ id: 'PartBatchResult' });

export const Endpoint = z
  .object({
    id,
    url: text,
    description: text.nullable(),
    events: z.array(text),
    headerNames: z.array(text).meta({ description: 'Of the custom headers; their values are not shown.' }),
    maxConcurrency: z.int().nullable(),
    maxPerSecond: z.number().nullable(),
    disabledAt: at.nullable(),
    disabledReason: text.nullable(),
    createdAt: at,
    updatedAt: at,
    temporalUrl: text.nullable(),
  })
  .meta({ id: 'WebhookEndpoint' });

const secret = text.meta({ description: 'Shown this once.' });
export const NewEndpointAnswer = Endpoint.extend({ secret }).meta({ id: 'NewWebhookEndpointAnswer' });
export const RotatedSecret = z.object({ id, secret, previousSecretUntil: at }).meta({ id: 'RotatedSecret' });
export const TestEvent = z.object({ eventId: z.uuid(), deliveryId: id }).meta({ id: 'TestEvent' });

export const Recovery = z
  .object({
    id,
    endpointId: id,
    since: at,
    until: at,
    events: z.array(text),
    statuses: z.array(text),
    status: z.enum(['running', 'done']),
    total: z.int(),
    recovered: z.int(),
    createdAt: at,
    endedAt: at.nullable(),
  })
  .meta({ id: 'Recovery' });
export const RecoveryDryRun = z.object({ dryRun: z.boolean(), total: z.int() }).meta({ id: 'RecoveryDryRun' });

const deliveryShape = {
  id,
  endpointId: id,
  url: text,
  eventId: z.uuid(),
  event: text,
  status: z.enum(deliveryStatuses),
  attemptsMade: z.int(),
  nextAttemptAt: at.nullable(),
  awaitsTurn: z.boolean().meta({ description: 'It is held back by the endpoint’s own rate or concurrency.' }),
  attemptUnderWay: z.boolean(),
  lastFailure: text.nullable(),
  createdAt: at,
  endedAt: at.nullable(),
};
export const Delivery = z.object(deliveryShape).meta({ id: 'Delivery' });

const milliseconds = z.int().nullable();
const Attempt = z
  .object({
    number: z.int(),
    trigger: z.enum(['instant', 'scheduled', 'manual']),
    startedAt: at,
    durationMs: z.int(),
    timings: z.object({ dnsMs: milliseconds, connectMs: milliseconds, tlsMs: milliseconds, firstByteMs: milliseconds }),
    statusCode: z.int().nullable(),
    errorClass: text.nullable(),
    failure: text.nullable(),
    responseHeaders: z.record(text, text).nullable(),
    responseBody: text.nullable(),
  })
  .meta({ id: 'Attempt' });
export const DeliveryDetails = z
  .object({ ...deliveryShape, temporalUrl: text.nullable(), attempts: z.array(Attempt) })
  .meta({ id: 'DeliveryDetails' });

export const list = (item: z.ZodType) =>
  z.object({ data: z.array(item), nextCursor: text.optional().meta({ description: 'Where the next page begins.' }) });
export const one = (item: z.ZodType) => z.object({ data: item });

export const EventDetails = z
  .object({ id: z.uuid(), event: text, movementId: id.nullable(), createdAt: at, data: z.looseObject({}) })
  .meta({ id: 'EventDetails' });

export const FollowedEvent = z
  .object({
    id: z.uuid().meta({ description: 'The `webhook-id` of its deliveries.' }),
    movementId: id.nullable(),
    apiKeyId: id.nullable().meta({ description: 'Of the key that wrote it.' }),
    body: z.object({ event: text, orgId: z.int(), createdAt: z.int(), data: z.looseObject({}) }).meta({
      description: 'What webhooks are sent; `createdAt` is epoch milliseconds.',
    }),
  })
  .meta({ id: 'FollowedEvent' });
