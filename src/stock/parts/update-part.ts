import { LockMode } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/postgresql';
import { Decimal } from 'decimal.js';
import type { Connection } from '../../db/database.ts';
import { notFound, unprocessable } from '../../errors.ts';
import { foldName } from '../../fold-name.ts';
import type { ApiKey } from '../../organizations/api-key.ts';
import { emitEvent } from '../../webhooks/emit-event.ts';
import { skuTaken } from './create-part.ts';
import { Part } from './part.ts';
import { presentPart } from './present-part.ts';
import type { PartPatch } from './schema.ts';

/**
 * Applies a merge patch and sends `part.updated`; a patch that changes nothing keeps `updatedAt` and sends nothing.
 * `check` sees the locked part first and may throw. Throws 404, 409 when the new sku is taken, 422 when the unit of a part that has movements would change.
 */
export async function updatePart(
  { db, key }: { db: Connection; key: ApiKey },
  { id, patch, check }: { id: number; patch: PartPatch; check: (current: Part) => void },
): Promise<{ part: Part; deliveries: number }> {
  return db
    .em()
    .transactional(async (em) => {
      const part = await em.findOne(
        Part,
        { id, organizationId: key.organizationId },
        { lockMode: LockMode.PESSIMISTIC_WRITE },
      );
      if (part === null) throw notFound('There is no such part.');
      check(part);
      const changes = changesOf(part, patch);
      if (Object.keys(changes).length === 0) return { part, deliveries: 0 };
      if (changes.unit !== undefined && (await hasMovement(em, part))) {
        throw unprocessable(`\`unit\` cannot change: the part has movements in "${part.unit}".`);
      }

      em.assign(part, changes);
      part.skuKey = foldName(part.sku);
      part.updatedAt = new Date(Math.max(Date.now(), part.updatedAt.getTime() + 1));
      await em.flush();
      const data = presentPart(part);
      const deliveries = await emitEvent(em, { key, type: 'part.updated', data, createdAt: part.updatedAt });
      return { part, deliveries };
    })
    .catch((error: unknown) => {
      throw skuTaken(error, patch.sku);
    });
}

function changesOf(part: Part, patch: PartPatch): PartPatch {
  const isSame = (field: keyof PartPatch) => {
    const [before, after] = [part[field] ?? null, patch[field] ?? null];
    if (field !== 'reorderPoint' || before === null || after === null) return before === after;
    return new Decimal(before).equals(after);
  };
  const fields = ['sku', 'name', 'unit', 'description', 'reorderPoint', 'unitCost'] as const;
  const changed = fields.filter((field) => patch[field] !== undefined && !isSame(field));
  return Object.fromEntries(changed.map((field) => [field, patch[field]]));
}

async function hasMovement(em: EntityManager, part: Part): Promise<boolean> {
  const rows = await em.execute('select 1 from movement where organization_id = ? and part_id = ? limit 1', [
    part.organizationId,
    part.id,
  ]);
  return rows.length > 0;
}
