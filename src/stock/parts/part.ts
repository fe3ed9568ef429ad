import { defineEntity, type InferEntity, p } from '@mikro-orm/postgresql';

export type Part = InferEntity<typeof Part>;

/** The least that a location should hold of a part. `minimum` has at most 15 digits, so a number holds it exactly. */
export interface LocationMinimum {
  locationId: number;
  location: string;
  minimum: number;
}

/**
 * Quantities are decimal strings, `unitCost` and `value` integer cents. `skuKey` is the sku as it is matched (see
 * `foldName`). `locationMinimums` are rows of their own table, by location: who loads a part puts them there.
 */
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
    externalId: p.text().nullable(),
    barcode: p.text().nullable(),
    category: p.text().nullable(),
    manufacturerPartNumber: p.text().nullable(),
    supplier: p.text().nullable(),
    leadTimeDays: p.integer().nullable(),
    archivedAt: p.datetime(3).nullable(),
    onHand: p.decimal('string').precision(18).scale(6),
    value: p.bigint('number'),
    createdAt: p.datetime(3),
    updatedAt: p.datetime(3),
    locationMinimums: p.json().$type<LocationMinimum[]>().persist(false),
  },
});
