import { z } from 'zod';
import {
  cents,
  id,
  idOrName,
  line,
  nonNegativeQuantity,
  nonZeroQuantity,
  oneOf,
  pastInstant,
  positiveQuantity,
  text,
} from '../../http/fields.ts';
import { validate } from '../../http/validate.ts';
import {
  fromField,
  isAbsent,
  locationField,
  partField,
  type Reference,
  type ReferenceField,
  readReference,
  toField,
} from './reference.ts';

export const movementKinds = ['receive', 'consume', 'adjust', 'count', 'transfer'] as const;
export type MovementKind = (typeof movementKinds)[number];

/** What an ERP may say of a movement beside the stock it moves: shown again as sent, and filters of the ledger. */
export const documentFields = [
  'externalId',
  'reference',
  'referenceLine',
  'reasonCode',
  'costCenter',
  'workOrder',
] as const;
export type DocumentField = (typeof documentFields)[number];

/**
 * `quantity` is a decimal string: the qty, the signed delta or the target, as the kind says; undefined when the movement
 * reverses another. `to` only on a transfer.
 */
export interface NewMovement extends Partial<Record<DocumentField, string | undefined>> {
  kind: MovementKind;
  part: Reference;
  location: Reference;
  to: Reference | undefined;
  quantity: string | undefined;
  unitCost?: number | undefined;
  expectedOnHand?: string | undefined;
  /** The id of the movement that this one undoes. */
  reverses?: number | undefined;
  occurredAt?: Date | undefined;
  note?: string | undefined;
}

const document = line(255);
const common = {
  note: text(2_000).optional(),
  sku: idOrName.optional(),
  partId: id.optional(),
  occurredAt: pastInstant.optional(),
  externalId: document.optional(),
  reference: document.optional(),
  referenceLine: document.optional(),
  reasonCode: document.optional(),
  costCenter: document.optional(),
  workOrder: document.optional(),
};
const atLocation = { ...common, location: idOrName.optional(), locationId: id.optional() };
const betweenLocations = {
  ...common,
  from: idOrName.optional(),
  fromId: id.optional(),
  to: idOrName.optional(),
  toId: id.optional(),
};

const anyKind = z.looseObject({ kind: oneOf(movementKinds) });
/** What each kind takes; the references may still be missing. */
export const bodies = {
  receive: z.strictObject({
    kind: z.literal('receive'),
    ...atLocation,
    qty: positiveQuantity,
    unitCost: cents.optional(),
  }),
  consume: z.strictObject({ kind: z.literal('consume'), ...atLocation, qty: positiveQuantity }),
  adjust: z.strictObject({ kind: z.literal('adjust'), ...atLocation, qtyDelta: nonZeroQuantity }),
  reversal: z.strictObject({ kind: z.literal('adjust'), ...atLocation, reverses: id }),
  count: z.strictObject({
    kind: z.literal('count'),
    ...atLocation,
    target: nonNegativeQuantity,
    expectedOnHand: nonNegativeQuantity.optional(),
  }),
  transfer: z.strictObject({ kind: z.literal('transfer'), ...betweenLocations, qty: positiveQuantity }),
};

const named = (id: string, body: z.ZodType) => body.meta({ id });

/** The five kinds, and the adjustment that reverses a movement, for the API's description. */
export const movementBody = z
  .union([
    named('Receive', bodies.receive),
    named('Consume', bodies.consume),
    named('Adjust', bodies.adjust),
    named('Reversal', bodies.reversal),
    named('Count', bodies.count),
    named('Transfer', bodies.transfer),
  ])
  .meta({ id: 'NewMovement' });

const bothNeeded = [partField, locationField];

/** Reads a movement, nulls already dropped. Throws one 422 that names each field at fault. */
export function readNewMovement(body: Record<string, unknown>): NewMovement {
  const { kind } = validate(anyKind, body);
  switch (kind) {
    case 'receive': {
      const { qty, ...rest } = validate(bodies.receive, body, absentIn(body, bothNeeded));
      return movement(rest, qty);
    }
    case 'consume': {
      const { qty, ...rest } = validate(bodies.consume, body, absentIn(body, bothNeeded));
      return movement(rest, qty);
    }
    case 'adjust': {
      if (body.reverses !== undefined) return movement(validate(bodies.reversal, body), undefined);
      const { qtyDelta, ...rest } = validate(bodies.adjust, body, absentIn(body, bothNeeded));
      return movement(rest, qtyDelta);
    }
    case 'count': {
      const { target, ...rest } = validate(bodies.count, body, absentIn(body, bothNeeded));
      return movement(rest, target);
    }
    case 'transfer': {
      const absent = absentIn(body, [partField, fromField, toField]);
      const { sku, partId, from, fromId, to, toId, qty, ...rest } = validate(bodies.transfer, body, absent);
      return {
        ...rest,
        part: readReference(partField, sku, partId),
        location: readReference(fromField, from, fromId),
        to: readReference(toField, to, toId),
        quantity: qty,
      };
    }
  }
}

/** The references that the body does not give at all. */
const absentIn = (body: Record<string, unknown>, needed: ReferenceField[]) =>
  needed.filter((field) => isAbsent(field, body)).map((field) => field.name);

interface AtLocation extends Omit<NewMovement, 'part' | 'location' | 'to' | 'quantity'> {
  sku?: string | number | undefined;
  partId?: number | undefined;
  location?: string | number | undefined;
  locationId?: number | undefined;
}

function movement(
  { sku, partId, location, locationId, ...rest }: AtLocation,
  quantity: string | undefined,
): NewMovement {
  return {
    ...rest,
    part: readReference(partField, sku, partId),
    location: readReference(locationField, location, locationId),
    to: undefined,
    quantity,
  };
}
