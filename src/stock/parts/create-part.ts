import { UniqueConstraintViolationException } from '@mikro-orm/core';
import type { Connection } from '../../db/database.ts';
import { conflict } from '../../errors.ts';
import { foldName } from '../../fold-name.ts';
import type { ApiKey } from '../../organizations/api-key.ts';
import { emitEvent } from '../../webhooks/emit-event.ts';
import { Part } from './part.ts';
import { presentPart } from './present-part.ts';
import type { NewPart } from './schema.ts';

/** Creates a part and its `part.created` event. Throws 409 when the organization has its sku already. */
export async function createPart({ db, key }: { db: Connection; key: ApiKey }, input: NewPart) {
  const now = new Date();
  return db
    .em()
    .transactional(async (em) => {
      const part = em.create(Part, {
        organizationId: key.organizationId,
        sku: input.sku,
        skuKey: foldName(input.sku),
        name: input.name,
        description: input.description ?? null,
        unit: input.unit ?? 'ea',
        reorderPoint: input.reorderPoint ?? null,
        unitCost: input.unitCost ?? null,
        onHand: '0',
        createdAt: now,
        updatedAt: now,
      });
      await em.flush();
      const deliveries = await emitEvent(em, { key, type: 'part.created', data: presentPart(part), createdAt: now });
      return { part, deliveries };
    })
    .catch((error: unknown) => {
      throw skuTaken(error, input.sku);
    });
}

/** The 409 for a sku that is taken; any other error as it is. */
export function skuTaken(error: unknown, sku: string | undefined): unknown {
  if (!(error instanceof UniqueConstraintViolationException)) return error;
  return conflict(`A part with the \`sku\` "${sku}" exists already.`);
}
