import type { Operation } from './operation.ts';

/** What of a schema is of interest here. */
interface Schema {
  $ref?: string;
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  anyOf?: Schema[];
  oneOf?: Schema[];
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  description?: string;
}

export interface Document {
  components: { schemas: Record<string, Schema> };
  paths: Record<string, Record<string, { requestBody?: { content: Record<string, { schema: Schema }> } }>>;
}

/**
 * Says in the document where a request's body takes null, which the validating schemas never see: where a patch clears a
 * field, and, in every other body, instead of a field that may be left out. A patch also takes the fields that it ignores.
 */
export function sayNulls(document: Document, operations: Operation[]): void {
  const { schemas } = document.components;
  const resolved = (schema: Schema): Schema => schemas[schema.$ref?.split('/').at(-1) ?? ''] ?? schema;
  const done = new Set<Schema>();

  /** The object itself, each of its alternatives, and the items of its lists; objects in its fields are read as they are. */
  function orNull(given: Schema, patch: Operation['patch']): void {
    const schema = resolved(given);
    if (done.has(schema)) return;
    done.add(schema);
    for (const alternative of [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])]) orNull(alternative, patch);
    for (const [name, property] of Object.entries(schema.properties ?? {})) {
      const items = resolved(property).items;
      if (items !== undefined) orNull(items, undefined);
      const takesNull = patch ? patch.clearable.includes(name) : !schema.required?.includes(name);
      if (takesNull && schema.properties) schema.properties[name] = nullable(property);
    }
    for (const name of patch?.readOnly ?? []) {
      schema.properties = {
        ...schema.properties,
        [name]: { description: 'Ignored, so that an answer can be sent back.' },
      };
    }
  }

  for (const { method, path, patch } of operations) {
    const body = document.paths[`/api/v1${path}`]?.[method]?.requestBody;
    for (const { schema } of Object.values(body?.content ?? {})) orNull(schema, patch);
  }
}

function nullable(schema: Schema): Schema {
  if (schema.type === undefined) return { oneOf: [schema, { type: 'null' }] };
  const types = [schema.type].flat();
  const values = schema.const === undefined ? schema.enum : [schema.const];
  const { const: _one, enum: _some, ...rest } = schema;
  return { ...rest, type: [...types, 'null'], ...(values === undefined ? {} : { enum: [...values, null] }) };
}
