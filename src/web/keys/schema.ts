import { z } from 'zod';
import { label, oneOf } from '../../http/fields.ts';

export const maxKeyNameLength = 100;
/** Days until a new key expires. */
export const expiries = ['never', '30', '90', '365'] as const;
/** Hours that a rotated key works on beside its successor. */
export const overlaps = ['0', '1', '24', '72', '168'] as const;

export const NewKeyForm = z.strictObject({
  name: label(maxKeyNameLength),
  scope: oneOf(['read', 'write']),
  expiry: oneOf(expiries),
});

export const RotateForm = z.strictObject({ overlap: oneOf(overlaps) });
