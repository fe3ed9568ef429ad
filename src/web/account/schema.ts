import { z } from 'zod';
import { label, oneOf } from '../../http/fields.ts';
import { languages } from '../../people/person.ts';
import { newPassword } from '../forms.ts';

export const maxNameLength = 100;

export const ProfileForm = z.strictObject({
  name: label(maxNameLength),
  language: oneOf(languages),
  theme: oneOf(['system', 'light', 'dark']),
});

export const PasswordForm = z.strictObject({
  current: z.string({ error: 'is required' }),
  password: newPassword,
});
