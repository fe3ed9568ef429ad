import type { Queryable } from '../../db/database.ts';

export interface LocationName {
  id: number;
  name: string;
}

/** The locations that a form offers, by name. */
export async function allLocations({ pool }: { pool: Queryable }, organizationId: number): Promise<LocationName[]> {
  const { rows } = await pool.query<{ id: string; name: string }>(
    'select id, name from location where organization_id = $1 order by name_key limit $2',
    [organizationId, maxLocations],
  );
  return rows.map(({ id, name }) => ({ id: Number(id), name }));
}

/** More than a person would choose from. */
const maxLocations = 1_000;
