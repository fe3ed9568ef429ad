import type { Part } from './part.ts';

/** Quantities as JSON numbers: with at most 15 digits each prints exactly as it is stored. */
export function presentPart(part: Omit<Part, 'organizationId' | 'skuKey'>) {
  return {
    id: part.id,
    sku: part.sku,
    name: part.name,
    description: part.description ?? null,
    unit: part.unit,
    reorderPoint: part.reorderPoint == null ? null : Number(part.reorderPoint),
    unitCost: part.unitCost ?? null,
    onHand: Number(part.onHand),
    createdAt: part.createdAt.toISOString(),
    updatedAt: part.updatedAt.toISOString(),
  };
}
