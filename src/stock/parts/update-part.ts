import { LockMode } from '@mikro-orm/core';
import type { Connection } from '../../db/database.ts';
import { notFound } from '../../errors.ts';
import type { Actor } from '../../organizations/actor.ts';
import { emitEvents } from '../../webhooks/emit-event.ts';
import { changePart, changesUnit, partsWithMovements, partTaken, placed } from './change-part.ts';
import { locationFinder, minimumsOf, writeMinimums } from './minimums.ts';
import { Part } from './part.ts';
import { presentPart } from './present-part.ts';
import type { PartPatch } from './schema.ts';

/**
 * Applies a merge patch and sends `part.updated`; a patch that changes nothing keeps `updatedAt` and sends nothing.
 * `check` sees the locked part first and may throw. Throws 404, 409 when the new sku or `externalId` is taken, and as
 * `changePart` and `locationFinder` do.
 */
export async function updatePart(
  { db, actor }: { db: Connection; actor: Actor },
  { id, patch, check }: { id: number; patch: PartPatch; check: (current: Part) => void },
): Promise<{ part: Part; deliveries: number }> {
  const { organizationId } = actor;
  return db
    .transaction(async ({ em, pool }) => {
      const part = await em().findOne(Part, { id, organizationId }, { lockMode: LockMode.PESSIMISTIC_WRITE });
      if (part === null) throw notFound('There is no such part.');
      check(part);
      const scope = { pool, organizationId };
      part.locationMinimums = (await minimumsOf(scope, [id])).get(id) ?? [];

      const placesOf = await locationFinder(scope, [patch.locationMinimums ?? []]);
      const hasMovements = changesUnit(part, patch) && (await partsWithMovements(scope, [id])).has(id);
      const { isChanged, hasNewMinimums } = changePart(part, placed(patch, placesOf), { hasMovements });
      if (!isChanged) return { part, deliveries: 0 };

      await em().flush();
      if (hasNewMinimums) await writeMinimums(scope, [part]);
      const events = [{ type: 'part.updated' as const, data: presentPart(part) }];
      return { part, deliveries: await emitEvents(scope.pool, { actor, events, createdAt: part.updatedAt }) };
    })
    .catch((error: unknown) => {
      throw partTaken(error, patch);
    });
}
