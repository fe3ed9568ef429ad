import type { Queryable } from '../../db/database.ts';

/** The categories that parts have, by name. */
export async function listCategories({ pool }: { pool: Queryable }, organizationId: number): Promise<string[]> {
  const { rows } = await pool.query<{ category: string }>(
    `select distinct category from part where organization_id = $1 and category is not null order by category limit $2`,
    [organizationId, maxCategories],
  );
  return rows.map(({ category }) => category);
}

/** More than a person would choose from. */
const maxCategories = 500;
