import type { Queryable } from '../db/database.ts';
import { foldName, tidyName } from '../fold-name.ts';

export type Role = 'administrator' | 'viewer';
export const roles: readonly Role[] = ['administrator', 'viewer'];
export type Language = 'en' | 'es';
export const languages: readonly Language[] = ['en', 'es'];
export type Theme = 'light' | 'dark';
export const themes: readonly Theme[] = ['light', 'dark'];

export interface Person {
  id: number;
  email: string;
  name: string;
  language: Language | null;
  theme: Theme | null;
}

/** Creates an account; undefined when its address has one already. */
export async function createPerson(
  { pool }: { pool: Queryable },
  { email, name, passwordHash }: { email: string; name: string; passwordHash: string },
): Promise<{ id: number } | undefined> {
  const { rows } = await pool.query<{ id: string }>(
    `insert into person (email, email_key, name, password_hash) values ($1, $2, $3, $4)
     on conflict (email_key) do nothing returning id`,
    [tidyName(email), foldName(email), tidyName(name), passwordHash],
  );
  return rows[0] && { id: Number(rows[0].id) };
}

export async function hasAccount({ pool }: { pool: Queryable }, email: string): Promise<boolean> {
  const { rows } = await pool.query('select 1 from person where email_key = $1', [foldName(email)]);
  return rows.length > 0;
}

/** An account's password, by its address or its id. */
export async function findPassword(
  { pool }: { pool: Queryable },
  { email, id }: { email?: string; id?: number },
): Promise<{ id: number; passwordHash: string } | undefined> {
  const { rows } = await pool.query<{ id: string; password_hash: string }>(
    'select id, password_hash from person where email_key = $1 or id = $2',
    [email === undefined ? null : foldName(email), id ?? null],
  );
  return rows[0] && { id: Number(rows[0].id), passwordHash: rows[0].password_hash };
}

/** null leaves the choice to the browser or the system; undefined leaves it as it is. */
export async function updatePerson(
  { pool }: { pool: Queryable },
  id: number,
  change: { name?: string; language?: Language | null; theme?: Theme | null; passwordHash?: string },
): Promise<void> {
  await pool.query(
    `update person set name = coalesce($2, name), password_hash = coalesce($3, password_hash),
       language = case when $4 then $5 else language end, theme = case when $6 then $7 else theme end
     where id = $1`,
    [
      id,
      change.name === undefined ? null : tidyName(change.name),
      change.passwordHash ?? null,
      change.language !== undefined,
      change.language ?? null,
      change.theme !== undefined,
      change.theme ?? null,
    ],
  );
}
