import type { Pool } from 'pg';
import type { List } from '../../http/list.ts';

export interface LocationRow {
  id: string;
  name: string;
  created_at: string;
  updated_at: string;
}

/** Every location of an organization, by id. */
export function locationList({ pool }: { pool: Pool }, organizationId: number): List<LocationRow> {
  return {
    positionLength: 1,
    positionOf: (location) => [Number(location.id)],
    present: presentLocation,
    page: async (after, limit) => {
      const { rows } = await pool.query<LocationRow>(
        `select id, name, created_at, updated_at from location
         where organization_id = $1 and id > $2 order by organization_id, id limit $3`,
        [organizationId, after?.[0] ?? 0, limit],
      );
      return rows;
    },
  };
}

export function presentLocation(location: LocationRow) {
  return {
    id: Number(location.id),
    name: location.name,
    createdAt: new Date(location.created_at).toISOString(),
    updatedAt: new Date(location.updated_at).toISOString(),
  };
}
