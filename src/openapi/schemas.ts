import { z } from 'zod';
import { movementKinds } from '../stock/movements/schema.ts';
import { deliveryStatuses } from '../webhooks/deliveries/list-deliveries.ts';

/** What answers look like. They may gain keys: a client must not mind. */

const int64 = z.int().meta({ format: 'int64' });
const id = z.int().min(1).meta({ format: 'int64' });
const quantity = z.number();
const cents = int64;
const at = z.string().meta({ format: 'date-time' });
const text = z.string();

const ErrorDetails = z.object({ code: text, message: text }).meta({ id: 'ErrorDetails' });
export const ErrorAnswer = z
  .object({ error: ErrorDetails })
  .meta({ id: 'ErrorAnswer', description: 'What is wrong, as a code for programs and a message for people.' });

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
  locationMinimums: z.array(
    z.object({ locationId: id, location: text, minimum: quantity }).meta({ id: 'LocationMinimum' }),
  ),
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
/** One object for the summary and the whole row: generated clients could not tell two apart. */
export const RecordedMovement = Movement.partial()
  .extend(summary)
  .meta({ id: 'RecordedMovement', description: 'These four, unless `Prefer` asks for the whole row.' });

/** Defaults are words: generated types would take a field with a default for required. */
export const batchModes = {
  atomic: z.boolean().optional().meta({ description: 'All or none; true unless given.' }),
  dryRun: z.boolean().optional().meta({ description: 'Only say what would come of it; false unless given.' }),
};

/** One object for what was done and what was refused: generated clients could not tell two of them apart. */
const ofRefused = ErrorDetails.optional().meta({
  description: 'Of an item that was refused; then only `status` is beside it.',
});
export const BatchMovement = z
  .object({
    status: z.int().meta({ description: 'The HTTP status of this item; not in an atomic batch.' }),
    ...summary,
    movementId: id.nullable().meta({ description: 'Null in a dry run.' }),
  })
  .partial()
  .extend({ error: ofRefused })
  .meta({ id: 'MovementBatchResult' });

export const BatchPart = z
  .object({
    status: z
      .union([z.enum(['created', 'updated', 'unchanged']), z.int()])
      .meta({ id: 'PartBatchStatus', description: 'What was done, or the HTTP status of the refusal.' }),
    ...z
      .object({ ...partShape, id: id.nullable().meta({ description: 'Null for a new part in a dry run.' }) })
      .partial().shape,
    error: ofRefused,
  })
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
export const EndpointWithSecret = Endpoint.extend({ secret }).meta({ id: 'WebhookEndpointWithSecret' });
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
    timings: z
      .object({ dnsMs: milliseconds, connectMs: milliseconds, tlsMs: milliseconds, firstByteMs: milliseconds })
      .meta({ id: 'AttemptTimings' }),
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

/** `PartList`, `PartAnswer`: what generated clients call them. */
export const list = (item: z.ZodType) =>
  component(`${nameOf(item)}List`, {
    data: z.array(item),
    nextCursor: text.optional().meta({ description: 'Where the next page begins.' }),
  });
export const one = (item: z.ZodType, name = nameOf(item)) => component(`${name}Answer`, { data: item });

const components = new Map<string, z.ZodType>();

function component(id: string, shape: z.ZodRawShape): z.ZodType {
  const schema = components.get(id) ?? z.object(shape).meta({ id });
  components.set(id, schema);
  return schema;
}

function nameOf(item: z.ZodType): string {
  const name = item.meta()?.id;
  if (name === undefined) throw new Error('An answer is named after its item: give that an id.');
  return name;
}

const ignored = z.unknown().optional().meta({ description: 'Ignored, so that an answer can be sent back.' });

/** A JSON Merge Patch of what a POST takes: null clears, and what cannot be changed is ignored. */
export const mergePatch = (
  schema: z.ZodObject,
  { clearable, readOnly }: { clearable: readonly string[]; readOnly: readonly string[] },
) =>
  schema.partial().extend({
    ...Object.fromEntries(clearable.map((field) => [field, z.nullable(schema.shape[field]).optional()])),
    ...Object.fromEntries(readOnly.map((field) => [field, ignored])),
  });

export const EventDetails = z
  .object({ id: z.uuid(), event: text, movementId: id.nullable(), createdAt: at, data: z.looseObject({}) })
  .meta({ id: 'EventDetails' });

export const FollowedEvent = z
  .object({
    id: z.uuid().meta({ description: 'The `webhook-id` of its deliveries.' }),
    movementId: id.nullable(),
    apiKeyId: id.nullable().meta({ description: 'Of the key that wrote it.' }),
    body: z
      .object({ event: text, orgId: id, createdAt: int64, data: z.looseObject({}) })
      .meta({ id: 'EventBody', description: 'What webhooks are sent; `createdAt` is epoch milliseconds.' }),
  })
  .meta({ id: 'FollowedEvent' });
