import { Decimal } from 'decimal.js';
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
    externalId: part.externalId ?? null,
    barcode: part.barcode ?? null,
    category: part.category ?? null,
    manufacturerPartNumber: part.manufacturerPartNumber ?? null,
    supplier: part.supplier ?? null,
    leadTimeDays: part.leadTimeDays ?? null,
    locationMinimums: part.locationMinimums,
    archived: part.archivedAt != null,
    averageCost: averageCostOf(part),
    value: part.value,
  };
}

/** With digits enough that the quotient of any value and any quantity is rounded once. */
const Exact = Decimal.clone({ precision: 40, rounding: Decimal.ROUND_HALF_EVEN });

/** Cents for one unit, at most 6 decimals, halves to the even one; null without stock. */
function averageCostOf({ value, onHand }: Pick<Part, 'value' | 'onHand'>): number | null {
  const quantity = new Exact(onHand);
  return quantity.isZero() ? null : new Exact(value).div(quantity).toDecimalPlaces(6).toNumber();
}
