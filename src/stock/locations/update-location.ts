import { LockMode } from '@mikro-orm/core';
import type { Connection } from '../../db/database.ts';
import { notFound } from '../../errors.ts';
import { foldName } from '../../fold-name.ts';
import type { Actor } from '../../organizations/actor.ts';
import { emitEvents } from '../../webhooks/emit-event.ts';
import { locationTaken } from './create-location.ts';
import { presentLocation } from './list-locations.ts';
import { Location } from './location.ts';
import type { LocationPatch } from './schema.ts';

/**
 * Applies a merge patch and sends `location.updated`; a patch that changes nothing keeps `updatedAt` and sends nothing.
 * `check` sees the locked location first and may throw. Throws 404, or 409 when the new name or `externalId` is taken.
 */
export async function updateLocation(
  { db, actor }: { db: Connection; actor: Actor },
  { id, patch, check }: { id: number; patch: LocationPatch; check: (current: Location) => void },
): Promise<{ location: Location; deliveries: number }> {
  return db
    .transaction(async ({ em, pool }) => {
      const location = await em().findOne(
        Location,
        { id, organizationId: actor.organizationId },
        { lockMode: LockMode.PESSIMISTIC_WRITE },
      );
      if (location === null) throw notFound('There is no such location.');
      check(location);
      const { name = location.name, externalId = location.externalId ?? null } = patch;
      if (name === location.name && externalId === (location.externalId ?? null)) return { location, deliveries: 0 };

      const updatedAt = new Date(Math.max(Date.now(), location.updatedAt.getTime() + 1));
      em().assign(location, { name, nameKey: foldName(name), externalId, updatedAt });
      await em().flush();
      const events = [{ type: 'location.updated' as const, data: presentLocation(location) }];
      const deliveries = await emitEvents(pool, { actor, events, createdAt: updatedAt });
      return { location, deliveries };
    })
    .catch((error: unknown) => {
      throw locationTaken(error, patch);
    });
}
