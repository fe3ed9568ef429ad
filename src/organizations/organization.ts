import type { Pool } from 'pg';

/** Creates an organization. Throws when the name is blank. */
export async function createOrganization(
  { pool }: { pool: Pick<Pool, 'query'> },
  name: string,
): Promise<{ id: number }> {
  if (name.trim() === '') throw new Error('An organization needs a name.');
  const { rows } = await pool.query<{ id: string }>('insert into organization (name) values ($1) returning id', [
    name.trim(),
  ]);
  return { id: Number(rows[0]?.id) };
}
