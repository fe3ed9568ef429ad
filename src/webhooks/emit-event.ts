import type { Queryable } from '../db/database.ts';
import type { Actor } from '../organizations/actor.ts';
import type { EventType } from './event-types.ts';

export interface NewEvent {
  type: EventType;
  data: object;
}

/**
 * Writes events, in order, and one delivery for each endpoint that wants one, in the caller's transaction.
 * Answers how many deliveries now wait for the dispatcher. (Movements do the same inside `record_movements`.)
 */
export async function emitEvents(
  pool: Queryable,
  { actor, events, createdAt }: { actor: Actor; events: NewEvent[]; createdAt: Date },
): Promise<number> {
  if (events.length === 0) return 0;
  const { rows } = await pool.query<{ deliveries: number }>(
    `select emit_events(array(
       select new_event($1, e.type, e.data::json, $2, null, $3)
       from unnest($4::text[], $5::text[]) with ordinality e (type, data, n) order by e.n)) as deliveries`,
    [
      actor.organizationId,
      createdAt,
      actor.apiKeyId ?? null,
      events.map((event) => event.type),
      events.map((event) => JSON.stringify(event.data)),
    ],
  );
  return rows[0]?.deliveries ?? 0;
}
