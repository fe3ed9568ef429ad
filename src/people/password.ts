import { hash, verify } from '@node-rs/argon2';

export const minPasswordLength = 12;
/** Nobody types more; hashing more only costs us time. */
export const maxPasswordLength = 256;

/** Argon2id as OWASP advises: 19 MiB, two passes, one lane. Kept with its parameters, so that they can be raised later. */
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

export const hashPassword = (password: string): Promise<string> => hash(password.normalize('NFC'), cost);

/** Takes as long without a hash as with one: the time does not tell whether an account exists. */
export async function verifyPassword(password: string, passwordHash: string | undefined): Promise<boolean> {
  const matches = await verify(passwordHash ?? (await hashOfNothing()), password.normalize('NFC'));
  return matches && passwordHash !== undefined;
}

let nothing: Promise<string> | undefined;

function hashOfNothing(): Promise<string> {
  nothing ??= hashPassword('no account has this password');
  return nothing;
}
