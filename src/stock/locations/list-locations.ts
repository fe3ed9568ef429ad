import { sql } from 'kysely';
import type { Pool } from 'pg';
import { conditionsOf, contains, is } from '../../db/conditions.ts';
import type { List } from '../../http/list.ts';
import { readInstant, readSearch } from '../../http/query.ts';
import type { Location } from './location.ts';

type LocationRow = Omit<Location, 'organizationId' | 'nameKey'>;

export interface LocationFilter {
  externalId?: string | undefined;
  updatedSince?: Date | undefined;
  q?: string | undefined;
}

export const locationFilterParameters = ['externalId', 'updatedSince', 'q'] as const;

/** Throws 400 for a malformed value. */
export const readLocationFilter = (
  query: Partial<Record<(typeof locationFilterParameters)[number], string>>,
): LocationFilter => ({
  ...query,
  updatedSince: readInstant('updatedSince', query.updatedSince),
  q: readSearch('q', query.q),
});

const id = { sql: sql`location.id`, type: 'number' } as const;
export const locationSorts = {
  id: { key: [id] },
  name: { key: [{ sql: sql`location.name_key`, type: 'text' }] },
  updatedAt: { key: [{ sql: sql`location.updated_at`, type: 'instant' }, id] },
} satisfies List<LocationColumns>['sorts'];

/** An organization's locations. */
export const locationList = (organizationId: number, filter: LocationFilter): List<LocationColumns> => ({
  name: 'locations',
  sorts: locationSorts,
  defaultSort: 'id',
  rows: {
    columns: sql.raw(columns),
    from: sql`location`,
    where: [
      sql`location.organization_id = ${organizationId}`,
      ...conditionsOf(filter, {
        externalId: (text) => is(sql`location.external_id`, text),
        updatedSince: (at) => sql`location.updated_at >= ${at}`,
        q: (text) => contains([sql`location.name`, sql`location.external_id`], text),
      }),
    ],
  },
  present: (row) => presentLocation(toLocation(row)),
  columns: shownColumns,
});

const shownColumns = ['id', 'name', 'createdAt', 'updatedAt', 'externalId'] as const satisfies (keyof ReturnType<
  typeof presentLocation
>)[];

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

export interface LocationColumns {
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
