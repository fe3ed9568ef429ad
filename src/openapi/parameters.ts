import type { oas31 } from 'zod-openapi';
import { idSchema } from '../http/fields.ts';
import type { Parameter } from './operation.ts';

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
  schema: { type: 'integer', minimum: 1, maximum: 500 },
};

export const pageParameters: Record<string, Parameter> = {
  limit,
  cursor: text('`nextCursor` of the page before.'),
};

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
