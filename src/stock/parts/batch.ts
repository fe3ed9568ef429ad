import { z } from 'zod';
import { ApiError, unprocessable } from '../../errors.ts';
import { foldName } from '../../fold-name.ts';
import { batchItems, presentRefusal, readItem } from '../../http/batch.ts';
import { flag, label } from '../../http/fields.ts';
import { readMergePatch, validate, withoutNulls } from '../../http/validate.ts';
import type { Part } from './part.ts';
import { presentPart } from './present-part.ts';
import type { PutPart } from './put-parts.ts';
import { NewPart, PartPatch, patchRules } from './schema.ts';

const Batch = z.strictObject({ parts: batchItems('parts'), atomic: flag.optional(), dryRun: flag.optional() });

/** An item whose sku is known, as it is matched; the rest is read when it is known whether there is such a part. */
export interface PartItem {
  skuKey: string;
  body: Record<string, unknown>;
}

/** `items` in the order of the request; an `ApiError` in the place of one that names no part, or one named before. */
export interface PartBatch {
  items: (PartItem | ApiError)[];
  atomic: boolean;
  dryRun: boolean;
}

/** Reads the body of `PUT /parts/batch`. Throws 422. */
export function readPartBatch(body: Record<string, unknown>): PartBatch {
  const { parts, atomic = true, dryRun = false } = validate(Batch, body);
  const firstOf = new Map<string, number>();
  const items = parts.map((given, index) => {
    const item = readItem(given, readPartItem);
    if (item instanceof ApiError) return item;
    const first = firstOf.get(item.skuKey);
    if (first !== undefined) return unprocessable(`It has the same \`sku\` as \`parts[${first}]\`.`);
    firstOf.set(item.skuKey, index);
    return item;
  });
  return { items, atomic, dryRun };
}

const Named = z.looseObject({ sku: label(255) });

const readPartItem = (body: Record<string, unknown>): PartItem => ({
  skuKey: foldName(validate(Named, withoutNulls(body)).sku),
  body,
});

/** What an item asks for: a new part, or a change of one that exists. */
export type PartTask =
  | { skuKey: string; part: undefined; input: NewPart }
  | { skuKey: string; part: Part; input: PartPatch };

/** Reads an item as `POST /parts` or `PATCH /parts/:id` would, as the part exists or not. */
export const taskOf = ({ skuKey, body }: PartItem, part: Part | undefined): PartTask | ApiError =>
  readItem(body, (): PartTask => {
    if (part === undefined) return { skuKey, part, input: validate(NewPart, withoutNulls(body)) };
    return { skuKey, part, input: readMergePatch(PartPatch, body, patchRules) };
  });

/** The part under what came of it, or the error under its status. */
export function presentPutPart(result: PutPart | ApiError): object {
  if (result instanceof ApiError) return presentRefusal(result);
  const { id, ...shown } = presentPart(result.part);
  return { status: result.status, id: id ?? null, ...shown }; // a dry run creates no id
}
