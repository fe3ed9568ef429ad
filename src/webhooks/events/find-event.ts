import type { Pool } from 'pg';

interface EventRow {
  id: string;
  type: string;
  movement_id: string | null;
  created_at: string;
  data: object;
}

/** The event as it is shown, or undefined when the organization has none of that id. */
export async function findEvent(
  { pool }: { pool: Pool },
  { organizationId, id }: { organizationId: number; id: string },
) {
  const { rows } = await pool.query<EventRow>(
    'select id, type, data, movement_id, created_at from event where organization_id = $1 and id = $2',
    [organizationId, id],
  );
  return rows.map((row) => ({
    id: row.id,
    event: row.type,
    movementId: row.movement_id === null ? null : Number(row.movement_id),
    createdAt: new Date(row.created_at).toISOString(),
    data: row.data,
  }))[0];
}
