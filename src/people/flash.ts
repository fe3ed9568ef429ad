import type { Queryable } from '../db/database.ts';

/** What a page says once, after the redirect that followed a form. */
export interface Flash {
  kind: 'done' | 'problem';
  message: string;
  /** Sealed for the session: a secret that is shown this once, with what it belongs to. */
  sealedSecret?: string;
}

/** Kept in the session's row for the page at `path`, so that another tab does not take it. */
export async function keepFlash(
  { pool }: { pool: Queryable },
  sessionId: number,
  path: string,
  flash: Flash,
): Promise<void> {
  await pool.query('update session set flash = $2 where id = $1', [sessionId, JSON.stringify({ path, ...flash })]);
}

/** Takes what is kept for this page, if anything; a second call answers undefined. */
export async function takeFlash(
  { pool }: { pool: Queryable },
  sessionId: number,
  path: string,
): Promise<Flash | undefined> {
  const { rows } = await pool.query<{ flash: Flash }>(
    `with kept as (select id, flash from session where id = $1 and flash ->> 'path' = $2 for update)
     update session set flash = null from kept where session.id = kept.id returning kept.flash`,
    [sessionId, path],
  );
  return rows[0]?.flash;
}
