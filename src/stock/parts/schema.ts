import { z } from 'zod';
import {
  cents,
  flag,
  id,
  idOrName,
  label,
  line,
  missing,
  nonNegativeQuantity,
  text,
  wholeNumber,
} from '../../http/fields.ts';
import { isObject, withoutNulls } from '../../http/validate.ts';
import { isAbsent, locationField, type Reference, readReference } from '../movements/reference.ts';

const maxMinimums = 1_000;

/** A location's minimum as a body gives it: the location is still to be found. */
export interface NewLocationMinimum {
  reference: Reference;
  minimum: number;
}

const locationMinimum = z
  .preprocess(
    // In a list, too, a null is the same as absent: RFC 7396 replaces lists whole.
    (item) => (isObject(item) ? withoutNulls(item) : undefined),
    z.strictObject(
      { location: idOrName.optional(), locationId: id.optional(), minimum: nonNegativeQuantity },
      { error: (issue) => (issue.code === 'invalid_type' ? 'must be an object' : undefined) },
    ),
  )
  .transform((given, ctx): NewLocationMinimum => {
    const { location, locationId, minimum } = given;
    const refuse = (message: string) => {
      ctx.issues.push({ code: 'custom', message, input: given, path: [locationField.name] });
      return z.NEVER;
    };
    if (isAbsent(locationField, given)) return refuse(missing);
    if (typeof location === 'number' && locationId !== undefined && location !== locationId) {
      return refuse('and `locationId` name different things');
    }
    return { reference: readReference(locationField, location, locationId), minimum: Number(minimum) };
  })
  .meta({ id: 'NewLocationMinimum' });

const locationMinimums = z
  .array(locationMinimum, { error: 'must be a list' })
  .max(maxMinimums, { error: `must be a list of at most ${maxMinimums} locations` });

export type NewPart = z.infer<typeof NewPart>;
export const NewPart = z.strictObject({
  sku: label(255),
  name: label(255),
  description: text(10_000).optional(),
  unit: label(32).optional(),
  reorderPoint: nonNegativeQuantity.optional(),
  unitCost: cents.optional(),
  externalId: line(255).optional(),
  barcode: line(255).optional(),
  category: line(255).optional(),
  manufacturerPartNumber: line(255).optional(),
  supplier: line(255).optional(),
  leadTimeDays: wholeNumber({ min: 0, max: 3_650 }).optional(),
  locationMinimums: locationMinimums.optional(),
  archived: flag.optional(),
});

const clearableColumns = [
  'description',
  'reorderPoint',
  'unitCost',
  'externalId',
  'barcode',
  'category',
  'manufacturerPartNumber',
  'supplier',
  'leadTimeDays',
] as const;
/** What a patch can set to null. */
export const clearable = [...clearableColumns, 'locationMinimums'] as const;

/** A part's own fields that are a column each, as a patch changes them. */
export const ownFields = ['sku', 'name', 'unit', ...clearableColumns] as const;

/** A JSON Merge Patch; `null` in the fields that can be cleared. `locationMinimums` are replaced whole. */
export type PartPatch = Nullable<Partial<NewPart>, (typeof clearable)[number]>;
export const PartPatch: z.ZodType<PartPatch> = NewPart.partial();
export const patchRules = { readOnly: ['id', 'onHand', 'createdAt', 'updatedAt', 'averageCost', 'value'], clearable };

type Nullable<T, Field extends keyof T> = { [K in keyof T]: K extends Field ? T[K] | null : T[K] };
