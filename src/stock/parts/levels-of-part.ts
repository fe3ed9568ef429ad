import type { Queryable } from '../../db/database.ts';

export interface PartLevel {
  locationId: number;
  location: string;
  /** Decimal strings; null: the location has no minimum of this part. */
  onHand: string;
  minimum: string | null;
}

/** Where a part is, or should be: each location that has seen it or has a minimum of it, by name. */
export async function levelsOfPart(
  { pool }: { pool: Queryable },
  { organizationId, partId }: { organizationId: number; partId: number },
): Promise<PartLevel[]> {
  const { rows } = await pool.query<{ id: string; name: string; on_hand: string; minimum: string | null }>(
    `select l.id, l.name, coalesce(v.on_hand, 0) as on_hand, m.minimum
     from (select * from stock_level where organization_id = $1 and part_id = $2) v
     full join (select * from stock_minimum where organization_id = $1 and part_id = $2) m using (location_id)
     join location l on l.organization_id = $1 and l.id = location_id
     order by l.name_key`,
    [organizationId, partId],
  );
  return rows.map((row) => ({
    locationId: Number(row.id),
    location: row.name,
    onHand: row.on_hand,
    minimum: row.minimum,
  }));
}
