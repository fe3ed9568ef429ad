import type { Connection, Queryable } from '../db/database.ts';
import { foldName } from '../fold-name.ts';
import type { Role } from './person.ts';

export interface Membership {
  organizationId: number;
  organization: string;
  role: Role;
}

export interface Member {
  email: string;
  name: string;
  role: Role;
  createdAt: Date;
  lastSeenAt: Date | null;
}

/** Makes a person a member; one who is a member already gets the role. */
export async function addMembership(
  { pool }: { pool: Queryable },
  { personId, organizationId, role }: { personId: number; organizationId: number; role: Role },
): Promise<void> {
  await pool.query(
    `insert into membership (person_id, organization_id, role) values ($1, $2, $3)
     on conflict (person_id, organization_id) do update set role = excluded.role`,
    [personId, organizationId, role],
  );
}

export async function listMembers({ pool }: { pool: Queryable }, organizationId: number): Promise<Member[]> {
  const { rows } = await pool.query<{
    email: string;
    name: string;
    role: Role;
    created_at: string;
    last_seen_at: string | null;
  }>(
    `select p.email, p.name, m.role, m.created_at,
       (select max(seen_at) from session s where s.person_id = p.id) as last_seen_at
     from membership m join person p on p.id = m.person_id where m.organization_id = $1 order by p.email_key`,
    [organizationId],
  );
  return rows.map((row) => ({
    email: row.email,
    name: row.name,
    role: row.role,
    createdAt: new Date(row.created_at),
    lastSeenAt: row.last_seen_at === null ? null : new Date(row.last_seen_at),
  }));
}

/**
 * Ends a membership at once; an account without any is deleted, unless the ledger names its person. Answers false when there is no such
 * member.
 */
export async function removeMember(
  db: Connection,
  { organizationId, email }: { organizationId: number; email: string },
): Promise<boolean> {
  return db.transaction(async ({ pool }) => {
    const { rows } = await pool.query<{ person_id: string }>(
      `delete from membership m using person p
       where p.id = m.person_id and p.email_key = $1 and m.organization_id = $2 returning m.person_id`,
      [foldName(email), organizationId],
    );
    if (rows[0] === undefined) return false;
    await pool.query(
      `delete from person where id = $1 and not exists (select from membership where person_id = $1)
         and not exists (select from movement where person_id = $1)`,
      [rows[0].person_id],
    );
    return true;
  });
}
