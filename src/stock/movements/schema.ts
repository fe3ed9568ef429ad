import { z } from 'zod';
import {
  cents,
  id,
  idOrName,
  nonNegativeQuantity,
  nonZeroQuantity,
  oneOf,
  positiveQuantity,
  text,
} from '../../http/fields.ts';
import { validate } from '../../http/validate.ts';
import { fromField, isAbsent, locationField, partField, type Reference, readReference, toField } from './reference.ts';

export const movementKinds = ['receive', 'consume', 'adjust', 'count', 'transfer'] as const;
export type MovementKind = (typeof movementKinds)[number];

/** `quantity` is a decimal string: the qty, the signed delta or the target, as the kind says. `to` only on a transfer. */
export interface NewMovement {
  kind: MovementKind;
  part: Reference;
  location: Reference;
  to: Reference | undefined;
  quantity: string;
  unitCost: number | undefined;
  note: string | undefined;
}

const kindOnly = z.looseObject({ kind: oneOf(movementKinds) });
const common = { kind: z.unknown(), note: text(2_000).optional(), sku: idOrName.optional(), partId: id.optional() };
const atLocation = { ...common, location: idOrName.optional(), locationId: id.optional() };
const betweenLocations = {
  ...common,
  from: idOrName.optional(),
  fromId: id.optional(),
  to: idOrName.optional(),
  toId: id.optional(),
};

const bodies = {
  receive: z.strictObject({ ...atLocation, qty: positiveQuantity, unitCost: cents.optional() }),
  consume: z.strictObject({ ...atLocation, qty: positiveQuantity }),
  adjust: z.strictObject({ ...atLocation, qtyDelta: nonZeroQuantity }),
  count: z.strictObject({ ...atLocation, target: nonNegativeQuantity }),
  transfer: z.strictObject({ ...betweenLocations, qty: positiveQuantity }),
};

/** Reads the body of `POST /movements`, nulls already dropped. Throws one 422 that names each field at fault. */
export function readNewMovement(body: Record<string, unknown>): NewMovement {
  const { kind } = validate(kindOnly, body);
  switch (kind) {
    case 'receive': {
      const { qty, unitCost, ...rest } = validate(bodies.receive, body, absentIn(body));
      return movement(kind, rest, qty, unitCost);
    }
    case 'consume': {
      const { qty, ...rest } = validate(bodies.consume, body, absentIn(body));
      return movement(kind, rest, qty);
    }
    case 'adjust': {
      const { qtyDelta, ...rest } = validate(bodies.adjust, body, absentIn(body));
      return movement(kind, rest, qtyDelta);
    }
    case 'count': {
      const { target, ...rest } = validate(bodies.count, body, absentIn(body));
      return movement(kind, rest, target);
    }
    case 'transfer': {
      const transfer = validate(bodies.transfer, body, absentIn(body, [partField, fromField, toField]));
      return {
        kind,
        part: readReference(partField, transfer.sku, transfer.partId),
        location: readReference(fromField, transfer.from, transfer.fromId),
        to: readReference(toField, transfer.to, transfer.toId),
        quantity: transfer.qty,
        unitCost: undefined,
        note: transfer.note,
      };
    }
  }
}

/** The references that the body does not give at all. */
const absentIn = (body: Record<string, unknown>, needed = [partField, locationField]) =>
  needed.filter((field) => isAbsent(field, body)).map((field) => field.name);

interface AtLocation {
  sku?: string | number | undefined;
  partId?: number | undefined;
  location?: string | number | undefined;
  locationId?: number | undefined;
  note?: string | undefined;
}

function movement(kind: MovementKind, body: AtLocation, quantity: string, unitCost?: number): NewMovement {
  return {
    kind,
    part: readReference(partField, body.sku, body.partId),
    location: readReference(locationField, body.location, body.locationId),
    to: undefined,
    quantity,
    unitCost,
    note: body.note,
  };
}
