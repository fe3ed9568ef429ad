import type { Connection } from '../../db/database.ts';
import type { Actor } from '../../organizations/actor.ts';
import { emitEvents } from '../../webhooks/emit-event.ts';
import { buildPart, partTaken, placed } from './change-part.ts';
import { locationFinder, writeMinimums } from './minimums.ts';
import type { Part } from './part.ts';
import { presentPart } from './present-part.ts';
import type { NewPart } from './schema.ts';

/**
 * Creates a part and its `part.created` event. Throws 409 when the organization has its sku or `externalId` already, 422 when
 * its minimums name a location that does not exist.
 */
export async function createPart(
  { db, actor }: { db: Connection; actor: Actor },
  input: NewPart,
): Promise<{ part: Part; deliveries: number }> {
  const { organizationId } = actor;
  const now = new Date();
  return db
    .transaction(async ({ em, pool }) => {
      const placesOf = await locationFinder({ pool, organizationId }, [input.locationMinimums ?? []]);
      const part = buildPart(em(), organizationId, placed(input, placesOf), now);
      await em().persist(part).flush();
      if (part.locationMinimums.length > 0) await writeMinimums({ pool, organizationId }, [part]);
      const events = [{ type: 'part.created' as const, data: presentPart(part) }];
      return { part, deliveries: await emitEvents(pool, { actor, events, createdAt: now }) };
    })
    .catch((error: unknown) => {
      throw partTaken(error, input);
    });
}
