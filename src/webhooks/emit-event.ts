import type { EntityManager } from '@mikro-orm/postgresql';
import type { ApiKey } from '../organizations/api-key.ts';
import type { EventType } from './event-types.ts';

/**
 * Writes an event and one delivery for each endpoint that wants it, in the caller's transaction.
 * Answers how many deliveries now wait for the dispatcher. (Movements do the same inside `record_movement`.)
 */
export async function emitEvent(
  em: EntityManager,
  { key, type, data, createdAt }: { key: ApiKey; type: EventType; data: object; createdAt: Date },
): Promise<number> {
  const [row] = await em.execute<{ deliveries: number }[]>(
    'select emit_event(?, ?, ?::json, ?, null, ?) as deliveries',
    [key.organizationId, type, JSON.stringify(data), createdAt, key.id],
  );
  return row?.deliveries ?? 0;
}
