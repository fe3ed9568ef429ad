import type { z } from 'zod';
import type { oas31 } from 'zod-openapi';
import type { Sort } from '../db/keyset.ts';
import { idSchema } from '../http/fields.ts';
import { maxLimit, sortNames } from '../http/list.ts';
import { maxSearchLength } from '../http/query.ts';
import type { Operation, Parameter } from './operation.ts';
import { list } from './schemas.ts';

/** Query parameters that several lists take. */

export const text = (description: string): Parameter => ({ description, schema: { type: 'string' } });

export const dateTime = (description: string): Parameter => ({
  description,
  schema: { type: 'string', format: 'date-time' },
});

export const flag = (description: string): Parameter => ({
  description,
  schema: { type: 'string', enum: ['true', 'false'] },
});

export const idOf = (description: string): Parameter => ({
  description,
  schema: idSchema,
});

export const limit: Parameter = {
  description: 'How many rows at most.',
  schema: { type: 'integer', minimum: 1, maximum: maxLimit },
};

/** What every list takes. */
export const listParameters = (sorts: Record<string, Sort>, defaultSort: string): Record<string, Parameter> => ({
  limit,
  cursor: text('`nextCursor` of the page before, in the same order.'),
  sort: {
    description: `The order; \`-\` is descending. \`${defaultSort}\` unless given.`,
    schema: { type: 'string', enum: sortNames(sorts), default: defaultSort },
  },
});

export const search = (where: string): Parameter => ({
  description: `Holds this text in ${where}, whatever its case.`,
  schema: { type: 'string', minLength: 1, maxLength: maxSearchLength },
});

/** The answer of a list. */
export const rowsOf = (description: string, item: z.ZodType): Operation['answers'] => ({
  200: {
    description,
    schema: list(item),
    isList: true,
    headers: { Link: { description: 'Where the next page is, with `rel="next"`.', schema: { type: 'string' } } },
  },
});

export const by = (...choices: string[]): Parameter => ({
  description: 'What the text names, where it could be an id and a name.',
  schema: { type: 'string', enum: choices },
});

export const stockFilters: Record<string, Parameter> = {
  sku: text('Of the part with this sku, or this id.'),
  partId: idOf('Of the part with this id.'),
  location: text('At the location with this name, or this id.'),
  locationId: idOf('At the location with this id.'),
  by: by('id', 'sku', 'name'),
};

export const ifMatch: Parameter = {
  description: 'Change it only if this is still its `ETag`.',
  schema: { type: 'string' },
};

export const etag: oas31.HeadersObject = {
  ETag: { description: 'The version of its own fields.', schema: { type: 'string' } },
};

export const locationHeader: oas31.HeadersObject = {
  Location: { description: 'Its address.', schema: { type: 'string' } },
};
