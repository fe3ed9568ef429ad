import { z } from 'zod';
import { cents, label, nonNegativeQuantity, text } from '../../http/fields.ts';

const sku = label(255);
const name = label(255);
const unit = label(32);
const description = text(10_000);

export type NewPart = z.infer<typeof NewPart>;
export const NewPart = z.strictObject({
  sku,
  name,
  description: description.optional(),
  unit: unit.optional(),
  reorderPoint: nonNegativeQuantity.optional(),
  unitCost: cents.optional(),
});

/** A JSON Merge Patch; `null` in the three fields that can be cleared. */
export interface PartPatch {
  sku?: string | undefined;
  name?: string | undefined;
  unit?: string | undefined;
  description?: string | null | undefined;
  reorderPoint?: string | null | undefined;
  unitCost?: number | null | undefined;
}
export const PartPatch: z.ZodType<PartPatch> = NewPart.partial();
export const readOnlyFields = ['id', 'onHand', 'createdAt', 'updatedAt'];
export const clearableFields = ['description', 'reorderPoint', 'unitCost'] as const;
