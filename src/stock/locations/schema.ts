import { z } from 'zod';
import { label, line } from '../../http/fields.ts';

export type NewLocation = z.infer<typeof NewLocation>;
export const NewLocation = z.strictObject({ name: label(255), externalId: line(255).optional() });

/** A JSON Merge Patch; null clears `externalId`. */
export interface LocationPatch {
  name?: string | undefined;
  externalId?: string | null | undefined;
}
export const LocationPatch: z.ZodType<LocationPatch> = NewLocation.partial();
export const patchRules = { readOnly: ['id', 'createdAt', 'updatedAt'], clearable: ['externalId'] } as const;
