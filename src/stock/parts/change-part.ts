import { UniqueConstraintViolationException } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/postgresql';
import { Decimal } from 'decimal.js';
import type { Queryable } from '../../db/database.ts';
import { type ApiError, conflict, unprocessable } from '../../errors.ts';
import { foldName } from '../../fold-name.ts';
import { isSameMinimums } from './minimums.ts';
import { type LocationMinimum, Part } from './part.ts';
import { type NewLocationMinimum, type NewPart, ownFields, type PartPatch } from './schema.ts';

/** A body whose locations are found. */
export type Placed<Body extends PartPatch> = Omit<Body, 'locationMinimums'> & {
  locationMinimums: LocationMinimum[] | null | undefined;
};

/** Finds a body's locations with a `locationFinder`, and throws as that does. */
export const placed = <Body extends PartPatch>(
  body: Body,
  placesOf: (list: NewLocationMinimum[]) => LocationMinimum[],
): Placed<Body> => ({ ...body, locationMinimums: body.locationMinimums && placesOf(body.locationMinimums) });

/** A part of these fields and the defaults, not yet persisted. */
export function buildPart(em: EntityManager, organizationId: number, input: Placed<NewPart>, now: Date): Part {
  const part = {
    organizationId,
    sku: input.sku,
    skuKey: foldName(input.sku),
    name: input.name,
    description: input.description ?? null,
    unit: input.unit ?? 'ea',
    reorderPoint: input.reorderPoint ?? null,
    unitCost: input.unitCost ?? null,
    externalId: input.externalId ?? null,
    barcode: input.barcode ?? null,
    category: input.category ?? null,
    manufacturerPartNumber: input.manufacturerPartNumber ?? null,
    supplier: input.supplier ?? null,
    leadTimeDays: input.leadTimeDays ?? null,
    archivedAt: input.archived ? now : null,
    onHand: '0',
    value: 0,
    createdAt: now,
    updatedAt: now,
    locationMinimums: input.locationMinimums ?? [],
  };
  return em.create(Part, part, { persist: false });
}

/**
 * Applies a merge patch to a locked part and moves its `updatedAt` on. Answers whether anything changed, and whether the
 * minimums did. Throws, before it touches the part: 422 for another unit when the part has movements, 409 when it would be
 * archived with stock.
 */
export function changePart(
  part: Part,
  patch: Placed<PartPatch>,
  { hasMovements }: { hasMovements: boolean },
): { isChanged: boolean; hasNewMinimums: boolean } {
  const fields = ownFields.filter((field) => patch[field] !== undefined && !isSame(field, part[field], patch[field]));
  const { archived = isArchived(part) } = patch;
  const locationMinimums =
    patch.locationMinimums === undefined ? part.locationMinimums : (patch.locationMinimums ?? []);
  const hasNewMinimums = !isSameMinimums(part.locationMinimums, locationMinimums);
  const isChanged = fields.length > 0 || hasNewMinimums || archived !== isArchived(part);
  if (!isChanged) return { isChanged, hasNewMinimums };

  if (fields.includes('unit') && hasMovements) {
    throw unprocessable(`\`unit\` cannot change: the part has movements in "${part.unit}".`);
  }
  if (archived && !new Decimal(part.onHand).isZero()) {
    throw conflict(
      `\`archived\`: ${new Decimal(part.onHand)} ${part.unit} of the part "${part.sku}" are on hand; only a part without stock can be archived.`,
    );
  }

  const now = new Date(Math.max(Date.now(), part.updatedAt.getTime() + 1));
  Object.assign(part, Object.fromEntries(fields.map((field) => [field, patch[field]])), { locationMinimums });
  part.skuKey = foldName(part.sku);
  part.archivedAt = archived ? (part.archivedAt ?? now) : null;
  part.updatedAt = now;
  return { isChanged, hasNewMinimums };
}

/** Whether `changePart` must know if the part has movements. */
export const changesUnit = (part: Part, patch: PartPatch) => patch.unit !== undefined && patch.unit !== part.unit;

/** Those of the parts that have a movement. */
export async function partsWithMovements(
  { pool, organizationId }: { pool: Queryable; organizationId: number },
  partIds: number[],
): Promise<Set<number>> {
  if (partIds.length === 0) return new Set();
  const { rows } = await pool.query<{ id: string }>(
    `select id from part where organization_id = $1 and id = any ($2)
       and exists (select from movement m where m.organization_id = $1 and m.part_id = part.id)`,
    [organizationId, partIds],
  );
  return new Set(rows.map((row) => Number(row.id)));
}

/** The 409 for a sku or `externalId` that is taken; any other error as it is. */
export function partTaken(error: unknown, { sku, externalId }: PartPatch): unknown {
  if (!(error instanceof UniqueConstraintViolationException)) return error;
  const isExternalId = 'constraint' in error && error.constraint === 'part_external_id';
  return isExternalId ? externalIdTaken(externalId) : conflict(`A part with the \`sku\` "${sku}" exists already.`);
}

export const externalIdTaken = (externalId: string | null | undefined): ApiError =>
  conflict(`A part with the \`externalId\` "${externalId}" exists already.`);

const isArchived = (part: Part) => part.archivedAt != null;

function isSame(field: (typeof ownFields)[number], before: unknown, after: unknown): boolean {
  if (field !== 'reorderPoint' || before == null || after == null) return (before ?? null) === (after ?? null);
  return new Decimal(String(before)).equals(String(after));
}
