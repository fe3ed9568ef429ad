import { defineEntity, type InferEntity, p } from '@mikro-orm/postgresql';

export type Part = InferEntity<typeof Part>;

/** Quantities are decimal strings, `unitCost` integer cents. `skuKey` is the sku as it is matched (see `foldName`). */
export const Part = defineEntity({
  name: 'Part',
  tableName: 'part',
  properties: {
    id: p.bigint('number').primary(),
    organizationId: p.bigint('number'),
    sku: p.text(),
    skuKey: p.text(),
    name: p.text(),
    description: p.text().nullable(),
    unit: p.text(),
    reorderPoint: p.decimal('string').precision(18).scale(6).nullable(),
    unitCost: p.bigint('number').nullable(),
    onHand: p.decimal('string').precision(18).scale(6),
    createdAt: p.datetime(3),
    updatedAt: p.datetime(3),
  },
});
