import type { Queryable } from '../db/database.ts';
import type { Membership } from './membership.ts';
import type { Person } from './person.ts';
import { hashToken, newToken } from './token.ts';

/** A session ends when it is not used for so long, or is so old. */
export const [idleDays, maxAgeDays] = [14, 90];

const maxUserAgentLength = 200;

export interface Session {
  id: number;
  person: Person;
  /** By name; empty for one who was removed from every organization. */
  memberships: Membership[];
  lastOrganizationId: number | null;
  hasFlash: boolean;
}

export interface SessionInList {
  id: number;
  userAgent: string;
  createdAt: Date;
  seenAt: Date;
}

/** Begins a session and answers its token, which only the cookie keeps. Takes out what has expired meanwhile. */
export async function createSession(
  { pool }: { pool: Queryable },
  { personId, userAgent }: { personId: number; userAgent: string },
): Promise<string> {
  const token = newToken();
  await pool.query('delete from session where expires_at < now()');
  await pool.query(
    `insert into session (sha256, person_id, user_agent, expires_at) values ($1, $2, $3, now() + make_interval(days => $4))`,
    [hashToken(token), personId, userAgent.slice(0, maxUserAgentLength), idleDays],
  );
  return token;
}

/** The live session of a token, with its person and memberships; looking at it keeps it alive. */
export async function findSession({ pool }: { pool: Queryable }, token: string): Promise<Session | undefined> {
  const { rows } = await pool.query<{
    id: string;
    person: Person;
    memberships: Membership[] | null;
    organization_id: string | null;
    has_flash: boolean;
    is_fresh: boolean;
  }>({
    name: 'find-session',
    text: `select s.id, s.organization_id, s.flash is not null as has_flash, s.seen_at > now() - interval '1 minute' as is_fresh,
        json_build_object('id', p.id, 'email', p.email, 'name', p.name, 'language', p.language, 'theme', p.theme) as person,
        (select json_agg(json_build_object('organizationId', o.id, 'organization', o.name, 'role', m.role) order by o.name, o.id)
         from membership m join organization o on o.id = m.organization_id where m.person_id = p.id) as memberships
      from session s join person p on p.id = s.person_id where s.sha256 = $1 and s.expires_at > now()`,
    values: [hashToken(token)],
  });
  const row = rows[0];
  if (row === undefined) return undefined;
  if (!row.is_fresh) await keepAlive(pool, row.id);
  return {
    id: Number(row.id),
    person: row.person,
    memberships: row.memberships ?? [],
    lastOrganizationId: row.organization_id === null ? null : Number(row.organization_id),
    hasFlash: row.has_flash,
  };
}

const keepAlive = (pool: Queryable, id: string) =>
  pool.query(
    `update session set seen_at = now(),
       expires_at = least(now() + make_interval(days => $2), created_at + make_interval(days => $3)) where id = $1`,
    [id, idleDays, maxAgeDays],
  );

/** Whether a session still lives and its person is still a member: for what goes on after a request was let in. */
export async function isStillMember(
  { pool }: { pool: Queryable },
  { sessionId, organizationId }: { sessionId: number; organizationId: number },
): Promise<boolean> {
  const { rows } = await pool.query({
    name: 'is-still-member',
    text: `select from session s join membership m on m.person_id = s.person_id and m.organization_id = $2
      where s.id = $1 and s.expires_at > now()`,
    values: [sessionId, organizationId],
  });
  return rows.length > 0;
}

/** Remembers where `/` leads. */
export async function noteOrganization(
  { pool }: { pool: Queryable },
  sessionId: number,
  organizationId: number,
): Promise<void> {
  await pool.query('update session set organization_id = $2 where id = $1', [sessionId, organizationId]);
}

/** A person's live sessions, the one used last first. */
export async function listSessions({ pool }: { pool: Queryable }, personId: number): Promise<SessionInList[]> {
  const { rows } = await pool.query<{ id: string; user_agent: string; created_at: string; seen_at: string }>(
    `select id, user_agent, created_at, seen_at from session
     where person_id = $1 and expires_at > now() order by seen_at desc, id desc`,
    [personId],
  );
  return rows.map((row) => ({
    id: Number(row.id),
    userAgent: row.user_agent,
    createdAt: new Date(row.created_at),
    seenAt: new Date(row.seen_at),
  }));
}

/** Ends one of a person's sessions. */
export async function endSession(
  { pool }: { pool: Queryable },
  { personId, id }: { personId: number; id: number },
): Promise<void> {
  await pool.query('delete from session where person_id = $1 and id = $2', [personId, id]);
}

/** Ends all of a person's sessions, but `exceptId` when it is given. */
export async function endSessions(
  { pool }: { pool: Queryable },
  { personId, exceptId }: { personId: number; exceptId?: number },
): Promise<void> {
  await pool.query('delete from session where person_id = $1 and id is distinct from $2', [personId, exceptId ?? null]);
}
