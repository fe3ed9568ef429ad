import type { Connection, Queryable } from '../db/database.ts';
import { foldName } from '../fold-name.ts';
import { hashPassword } from './password.ts';
import { updatePerson } from './person.ts';
import { endSessions } from './session.ts';
import { hashToken, newToken } from './token.ts';

const resetHours = 24;

/** The page that a one-time link opens. */
export const resetPath = (token: string) => `/reset/${token}`;

/** Lets somebody who has an account choose a new password once; earlier links end. Throws when nobody has that address. */
export async function createPasswordReset(db: Connection, email: string): Promise<string> {
  const token = newToken();
  await db.transaction(async ({ pool }) => {
    const { rows } = await pool.query<{ id: string }>('select id from person where email_key = $1', [foldName(email)]);
    if (rows[0] === undefined) throw new Error(`${email} has no account.`);
    await pool.query('delete from password_reset where person_id = $1 or expires_at < now()', [rows[0].id]);
    await pool.query('insert into password_reset values ($1, $2, now() + make_interval(hours => $3))', [
      hashToken(token),
      rows[0].id,
      resetHours,
    ]);
  });
  return token;
}

/** Whose password a link may change, if it still works. */
export async function findPasswordReset(
  { pool }: { pool: Queryable },
  token: string,
): Promise<{ email: string } | undefined> {
  const { rows } = await pool.query<{ email: string }>(
    `select p.email from password_reset r join person p on p.id = r.person_id where r.sha256 = $1 and r.expires_at > now()`,
    [hashToken(token)],
  );
  return rows[0];
}

/** Sets the password and ends every session. Answers false when the link is spent. */
export async function resetPassword(db: Connection, token: string, password: string): Promise<boolean> {
  const passwordHash = await hashPassword(password);
  return db.transaction(async ({ pool }) => {
    const { rows } = await pool.query<{ person_id: string }>(
      'delete from password_reset where sha256 = $1 and expires_at > now() returning person_id',
      [hashToken(token)],
    );
    if (rows[0] === undefined) return false;
    const personId = Number(rows[0].person_id);
    await updatePerson({ pool }, personId, { passwordHash });
    await endSessions({ pool }, { personId });
    return true;
  });
}
