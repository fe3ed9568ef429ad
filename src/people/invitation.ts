import type { Connection, Queryable } from '../db/database.ts';
import { foldName, tidyName } from '../fold-name.ts';
import { addMembership } from './membership.ts';
import { hashPassword } from './password.ts';
import { createPerson, type Person, type Role } from './person.ts';
import { hashToken, newToken } from './token.ts';

const invitationDays = 7;

export interface Invitation {
  organizationId: number;
  organization: string;
  role: Role;
  /** The address that it is for; null: whoever has the link. */
  email: string | null;
}

/** The page that a one-time link opens. */
export const welcomePath = (token: string) => `/welcome/${token}`;

/** Invites one person to an organization and answers the link's token. Throws when the organization does not exist. */
export async function createInvitation(
  { pool }: { pool: Queryable },
  { organizationId, role, email }: { organizationId: number; role: Role; email?: string },
): Promise<string> {
  const token = newToken();
  const { rowCount } = await pool.query(
    `insert into invitation (sha256, organization_id, role, email, expires_at)
     select $1, id, $3, $4, now() + make_interval(days => $5) from organization where id = $2`,
    [hashToken(token), organizationId, role, email === undefined ? null : tidyName(email), invitationDays],
  );
  if (rowCount === 0) throw new Error(`Organization ${organizationId} does not exist.`);
  return token;
}

/** As long as nobody has an account: a fresh invitation to administer the first organization; those before it end. */
export async function inviteFirstAdministrator(db: Connection): Promise<string | undefined> {
  return db.transaction(async ({ pool }) => {
    await pool.query('lock table person in share row exclusive mode');
    const { rows } = await pool.query<{ id: string | null }>(
      'select min(id) as id from organization where not exists (select 1 from person)',
    );
    if (rows[0]?.id == null) return undefined;
    await pool.query('delete from invitation where email is null and used_at is null');
    return createInvitation({ pool }, { organizationId: Number(rows[0].id), role: 'administrator' });
  });
}

/** An invitation that can still be used. */
export async function findInvitation({ pool }: { pool: Queryable }, token: string): Promise<Invitation | undefined> {
  const { rows } = await pool.query<{
    organization_id: string;
    organization: string;
    role: Role;
    email: string | null;
  }>(
    `select i.organization_id, o.name as organization, i.role, i.email from invitation i
     join organization o on o.id = i.organization_id
     where i.sha256 = $1 and i.used_at is null and i.expires_at > now()`,
    [hashToken(token)],
  );
  const row = rows[0];
  return (
    row && {
      organizationId: Number(row.organization_id),
      organization: row.organization,
      role: row.role,
      email: row.email,
    }
  );
}

export type Acceptance =
  | { outcome: 'joined'; personId: number }
  | { outcome: 'used' }
  | { outcome: 'has account' }
  | { outcome: 'for another' };

/**
 * Accepts an invitation with a new account, or as a person who has one. Else nothing is written: 'used', the link is spent;
 * 'has account', somebody has the address already; 'for another', the invitation names another address than the person's.
 */
export async function acceptInvitation(
  db: Connection,
  token: string,
  who: Pick<Person, 'id' | 'email'> | { email: string; name: string; password: string },
): Promise<Acceptance> {
  const passwordHash = 'password' in who ? await hashPassword(who.password) : '';
  return db.transaction(async ({ pool }): Promise<Acceptance> => {
    const { rows } = await pool.query<{ organization_id: string; role: Role; email: string | null }>(
      `select organization_id, role, email from invitation
       where sha256 = $1 and used_at is null and expires_at > now() for update`,
      [hashToken(token)],
    );
    const invitation = rows[0];
    if (invitation === undefined) return { outcome: 'used' };
    const email = invitation.email ?? who.email;
    if ('id' in who && foldName(email) !== foldName(who.email)) return { outcome: 'for another' };
    const { id: personId } =
      'id' in who ? who : ((await createPerson({ pool }, { email, name: who.name, passwordHash })) ?? {});
    if (personId === undefined) return { outcome: 'has account' };
    await addMembership(
      { pool },
      { personId, organizationId: Number(invitation.organization_id), role: invitation.role },
    );
    await pool.query('update invitation set used_at = now() where sha256 = $1', [hashToken(token)]);
    return { outcome: 'joined', personId };
  });
}
