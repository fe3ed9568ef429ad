import type { Pool } from 'pg';
import { tidyName } from '../../fold-name.ts';
import type { List } from '../../http/list.ts';
import { isStorable } from '../find-reference.ts';
import type { Location } from './location.ts';

type LocationRow = Omit<Location, 'organizationId' | 'nameKey'>;

export interface LocationFilter {
  externalId?: string | undefined;
}

/** An organization's locations, by id. */
export function locationList(
  { pool }: { pool: Pool },
  organizationId: number,
  { externalId }: LocationFilter = {},
): List<LocationRow> {
  return {
    positionLength: 1,
    positionOf: (location) => [location.id],
    present: presentLocation,
    page: async (after, limit) => {
      if (externalId !== undefined && !isStorable(externalId)) return [];
      const { rows } = await pool.query<LocationColumns>(
        `select ${columns} from location
         where organization_id = $1 and id > $2 and ($4::text is null or external_id = $4)
         order by organization_id, id limit $3`,
        [organizationId, after?.[0] ?? 0, limit, externalId && tidyName(externalId)],
      );
      return rows.map(toLocation);
    },
  };
}

/** The location, or undefined when the organization has none of that id. */
export async function findLocation(
  { pool }: { pool: Pool },
  { organizationId, id }: { organizationId: number; id: number },
): Promise<LocationRow | undefined> {
  const { rows } = await pool.query<LocationColumns>(
    `select ${columns} from location where organization_id = $1 and id = $2`,
    [organizationId, id],
  );
  return rows.map(toLocation)[0];
}

const columns = 'id, name, external_id, created_at, updated_at';

interface LocationColumns {
  id: string;
  name: string;
  external_id: string | null;
  created_at: string;
  updated_at: string;
}

const toLocation = (row: LocationColumns): LocationRow => ({
  id: Number(row.id),
  name: row.name,
  externalId: row.external_id,
  createdAt: new Date(row.created_at),
  updatedAt: new Date(row.updated_at),
});

export function presentLocation(location: LocationRow) {
  return {
    id: location.id,
    name: location.name,
    createdAt: location.createdAt.toISOString(),
    updatedAt: location.updatedAt.toISOString(),
    externalId: location.externalId ?? null,
  };
}
