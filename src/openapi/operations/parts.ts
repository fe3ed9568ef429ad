import { z } from 'zod';
import { maxBatchItems } from '../../http/batch.ts';
import { partSorts } from '../../stock/parts/list-parts.ts';
import { NewPart, patchRules } from '../../stock/parts/schema.ts';
import type { Operation } from '../operation.ts';
import {
  by,
  dateTime,
  etag,
  flag,
  ifMatch,
  listParameters,
  locationHeader,
  rowsOf,
  search,
  text,
} from '../parameters.ts';
import { BatchPart, batchModes, mergePatch, one, Part } from '../schemas.ts';

const tag = 'Parts';
const PartPatch = mergePatch(NewPart, patchRules);
/** A part that is new needs a name too; one that exists is told by its sku. */
const PutPart = PartPatch.extend({ sku: NewPart.shape.sku }).meta({ id: 'PutPart' });

const byPart = { by: by('id', 'sku') };

export const partOperations: Operation[] = [
  {
    method: 'get',
    path: '/parts',
    id: 'listParts',
    tag,
    summary: 'List parts',
    query: {
      barcode: text('With this barcode.'),
      externalId: text('With this external id.'),
      category: text('Of this category.'),
      supplier: text('Of this supplier.'),
      archived: flag('`true`: archived ones too. With `updatedSince` they are shown unless `false`.'),
      updatedSince: dateTime('Whose own fields changed at or after this instant.'),
      belowReorder: flag('`true`: at or below the reorder point; `false`: the others.'),
      q: search('sku, name, description, barcode, external id or manufacturer’s number'),
      ...listParameters(partSorts, 'id'),
    },
    answers: rowsOf('Parts.', Part),
  },
  {
    method: 'post',
    path: '/parts',
    id: 'createPart',
    tag,
    summary: 'Create a part',
    body: { schema: NewPart.meta({ id: 'NewPart' }) },
    answers: { 201: { description: 'Created.', schema: one(Part), headers: { ...locationHeader, ...etag } } },
  },
  {
    method: 'put',
    path: '/parts/batch',
    id: 'putParts',
    tag,
    summary: 'Create or change up to 1,000 parts by their sku',
    description: 'All or none; with `atomic: false` each by itself. A part that exists gets the given fields.',
    body: {
      schema: z
        .strictObject({
          parts: z.array(PutPart).min(1).max(maxBatchItems),
          ...batchModes,
        })
        .meta({ id: 'PutParts' }),
    },
    answers: {
      200: { description: 'One result for each item, in order.', schema: one(z.array(BatchPart), 'PartBatch') },
    },
  },
  {
    method: 'get',
    path: '/parts/{id}',
    id: 'getPart',
    tag,
    summary: 'Get a part',
    query: byPart,
    answers: { 200: { description: 'The part.', schema: one(Part), headers: etag } },
    refusals: [409],
  },
  {
    method: 'patch',
    path: '/parts/{id}',
    id: 'updatePart',
    tag,
    summary: 'Change a part',
    description: 'A JSON Merge Patch (RFC 7396): null clears a field, read-only ones are ignored.',
    query: byPart,
    headers: { 'If-Match': ifMatch },
    body: {
      schema: PartPatch.meta({ id: 'PartPatch' }),
      contentTypes: ['application/json', 'application/merge-patch+json'],
    },
    answers: { 200: { description: 'The part.', schema: one(Part), headers: etag } },
    refusals: [412],
  },
];
