import { UniqueConstraintViolationException } from '@mikro-orm/core';
import type { Connection } from '../../db/database.ts';
import { conflict } from '../../errors.ts';
import { foldName } from '../../fold-name.ts';
import type { Actor } from '../../organizations/actor.ts';
import { emitEvents } from '../../webhooks/emit-event.ts';
import { presentLocation } from './list-locations.ts';
import { Location } from './location.ts';
import type { LocationPatch, NewLocation } from './schema.ts';

/**
 * Creates a location and its `location.created` event. Throws 409 when the organization has its name or `externalId`
 * already.
 */
export async function createLocation({ db, actor }: { db: Connection; actor: Actor }, input: NewLocation) {
  const now = new Date();
  return db
    .transaction(async ({ em, pool }) => {
      const location = em().create(Location, {
        organizationId: actor.organizationId,
        name: input.name,
        nameKey: foldName(input.name),
        externalId: input.externalId ?? null,
        createdAt: now,
        updatedAt: now,
      });
      await em().flush();
      const events = [{ type: 'location.created' as const, data: presentLocation(location) }];
      const deliveries = await emitEvents(pool, { actor, events, createdAt: now });
      return { location, deliveries };
    })
    .catch((error: unknown) => {
      throw locationTaken(error, input);
    });
}

/** The 409 for a name or `externalId` that is taken; any other error as it is. */
export function locationTaken(error: unknown, { name, externalId }: LocationPatch): unknown {
  if (!(error instanceof UniqueConstraintViolationException)) return error;
  const isExternalId = 'constraint' in error && error.constraint === 'location_external_id';
  const taken = isExternalId ? `\`externalId\` "${externalId}"` : `\`name\` "${name}"`;
  return conflict(`A location with the ${taken} exists already.`);
}
