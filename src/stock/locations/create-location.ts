import type { Queryable } from '../../db/database.ts';
import { conflict } from '../../errors.ts';
import { foldName } from '../../fold-name.ts';
import type { LocationRow } from './list-locations.ts';

/** Creates a location. Throws 409 when the organization has its name already. */
export async function createLocation(
  { pool }: { pool: Queryable },
  { organizationId, name }: { organizationId: number; name: string },
): Promise<LocationRow> {
  const { rows } = await pool.query<LocationRow>(
    `insert into location (organization_id, name, name_key) values ($1, $2, $3)
     on conflict (organization_id, name_key) do nothing
     returning id, name, created_at, updated_at`,
    [organizationId, name, foldName(name)],
  );
  if (rows[0] === undefined) throw conflict(`A location with the \`name\` "${name}" exists already.`);
  return rows[0];
}
