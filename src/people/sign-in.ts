import { isStorable } from '../db/conditions.ts';
import type { Queryable } from '../db/database.ts';
import { verifyPassword } from './password.ts';
import { findPassword } from './person.ts';
import { createSession } from './session.ts';
import type { Throttle } from './throttle.ts';

export interface SignIn {
  email: string;
  password: string;
  /** The client's IP address. */
  address: string;
  userAgent: string;
}

export type SignInOutcome =
  | { outcome: 'signed in'; token: string }
  | { outcome: 'refused' }
  | { outcome: 'throttled'; retryAfterSeconds: number };

/** Begins a session. An unknown address is refused like a wrong password, and takes as long. */
export async function signIn(
  { pool, throttle }: { pool: Queryable; throttle: Throttle },
  { email, password, address, userAgent }: SignIn,
): Promise<SignInOutcome> {
  const retryAfterSeconds = await throttle.admit({ account: email, address });
  if (retryAfterSeconds > 0) return { outcome: 'throttled', retryAfterSeconds };
  const account = isStorable(email) ? await findPassword({ pool }, { email }) : undefined;
  if (!(await verifyPassword(password, account?.passwordHash)) || account === undefined) return { outcome: 'refused' };
  await throttle.forgive(email);
  return { outcome: 'signed in', token: await createSession({ pool }, { personId: account.id, userAgent }) };
}
