import type { Queryable } from '../../db/database.ts';
import { type ApiError, unprocessable } from '../../errors.ts';
import { disagreement, type Reference, unknownId, unknownName } from '../movements/reference.ts';
import type { LocationMinimum, Part } from './part.ts';
import type { NewLocationMinimum } from './schema.ts';

interface FoundLocation {
  location_id: string | null;
  location: string | null;
  refusal: string | null;
}

/**
 * Looks up every location that the lists name, in one statement. Answers a function that gives a list as it is stored and
 * shown: by location. It throws 422 for a location that does not exist or is named twice.
 */
export async function locationFinder(
  { pool, organizationId }: { pool: Queryable; organizationId: number },
  lists: NewLocationMinimum[][],
): Promise<(list: NewLocationMinimum[]) => LocationMinimum[]> {
  const references = new Map(lists.flat().map(({ reference }) => [textOf(reference), reference]));
  const found = await findLocations({ pool, organizationId }, [...references.values()]);
  const places = new Map([...references.keys()].map((text, n) => [text, found[n]]));
  return (list) => {
    const minimums = list.map(({ reference, minimum }, index) => {
      const place = places.get(textOf(reference));
      if (place === undefined || place.refusal !== null) throw at(index, refusalError(place?.refusal, reference));
      return { locationId: Number(place.location_id), location: place.location ?? '', minimum };
    });
    const seen = new Set<number>();
    for (const [index, { location, locationId }] of minimums.entries()) {
      if (seen.has(locationId)) throw at(index, unprocessable(`The location "${location}" is named twice.`));
      seen.add(locationId);
    }
    return minimums.sort((a, b) => a.locationId - b.locationId);
  };
}

/** One row for each reference, in order. */
async function findLocations(
  { pool, organizationId }: { pool: Queryable; organizationId: number },
  references: Reference[],
): Promise<FoundLocation[]> {
  if (references.length === 0) return [];
  const { rows } = await pool.query<FoundLocation>(
    `select f.id as location_id, l.name as location, f.refusal
     from unnest($2::text[], $3::bigint[], $4::bigint[]) with ordinality r (key, digits, id, n)
     cross join lateral find_location_ref($1, r.key, r.digits, r.id) f
     left join location l on l.organization_id = $1 and l.id = f.id
     order by r.n`,
    [
      organizationId,
      references.map(({ key }) => key ?? null),
      references.map(({ digits }) => digits ?? null),
      references.map(({ id }) => id ?? null),
    ],
  );
  return rows;
}

/** The minimums of these parts, each part's by location. */
export async function minimumsOf(
  { pool, organizationId }: { pool: Queryable; organizationId: number },
  partIds: number[],
): Promise<Map<number, LocationMinimum[]>> {
  if (partIds.length === 0) return new Map();
  const { rows } = await pool.query<{ part_id: string; minimums: LocationMinimum[] }>(
    `select m.part_id, ${minimumsJson} as minimums
     from stock_minimum m join location l on l.id = m.location_id
     where m.organization_id = $1 and m.part_id = any ($2) group by m.part_id`,
    [organizationId, partIds],
  );
  return new Map(rows.map((row) => [Number(row.part_id), row.minimums]));
}

/** Of `stock_minimum m join location l`: their `LocationMinimum`s. */
export const minimumsJson = `json_agg(
  json_build_object('locationId', m.location_id, 'location', l.name, 'minimum', m.minimum) order by m.location_id)`;

/** Makes the minimums of these parts, in the database, the ones that they show. Who calls it holds their rows. */
export async function writeMinimums(
  { pool, organizationId }: { pool: Queryable; organizationId: number },
  parts: Pick<Part, 'id' | 'locationMinimums'>[],
): Promise<void> {
  if (parts.length === 0) return;
  await pool.query('delete from stock_minimum where organization_id = $1 and part_id = any ($2)', [
    organizationId,
    parts.map((part) => part.id),
  ]);
  const rows = parts.flatMap((part) => part.locationMinimums.map((minimum) => ({ partId: part.id, ...minimum })));
  if (rows.length === 0) return;
  await pool.query(
    `insert into stock_minimum (organization_id, part_id, location_id, minimum)
     select $1, * from unnest($2::bigint[], $3::bigint[], $4::numeric[])`,
    [organizationId, rows.map((row) => row.partId), rows.map((row) => row.locationId), rows.map((row) => row.minimum)],
  );
}

export const isSameMinimums = (one: LocationMinimum[], other: LocationMinimum[]) =>
  one.length === other.length &&
  one.every((a, n) => a.locationId === other[n]?.locationId && a.minimum === other[n]?.minimum);

const textOf = ({ key, digits, id }: Reference) => JSON.stringify([key, digits, id]);

function refusalError(refusal: string | null | undefined, reference: Reference): ApiError {
  if (refusal === 'unknown_name') return unknownName(reference);
  return refusal === 'disagree' ? disagreement(reference.field) : unknownId(reference);
}

const at = (index: number, { message }: ApiError) => unprocessable(`\`locationMinimums[${index}]\`: ${message}`);
