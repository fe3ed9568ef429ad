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
 * Says in the document that, in the body of what is no patch, a null is the same as absent: the validating schemas never see
 * one. Objects in the body's fields are read as they are.
 */
export function sayNulls(document: Document): void {
  const { schemas } = document.components;
  const resolved = (schema: Schema): Schema => schemas[schema.$ref?.split('/').at(-1) ?? ''] ?? schema;
  const done = new Set<Schema>();

  /** The object itself, each of its alternatives, and the items of its lists. */
  function orNull(given: Schema): void {
    const schema = resolved(given);
    if (done.has(schema)) return;
    done.add(schema);
    for (const alternative of [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])]) orNull(alternative);
    for (const [name, property] of Object.entries(schema.properties ?? {})) {
      const { items } = resolved(property);
      if (items !== undefined) orNull(items);
      if (schema.properties && !schema.required?.includes(name)) schema.properties[name] = nullable(property);
    }
  }

  for (const operations of Object.values(document.paths)) {
    for (const [method, { requestBody }] of Object.entries(operations)) {
      if (method !== 'patch') for (const { schema } of Object.values(requestBody?.content ?? {})) orNull(schema);
    }
  }
}

function nullable(schema: Schema): Schema {
  if (schema.type === undefined) return takesNull(schema) ? schema : { oneOf: [schema, { type: 'null' }] };
  const types = [schema.type].flat();
  if (types.includes('null')) return schema;
  const values = schema.const === undefined ? schema.enum : [schema.const];
  const { const: _one, enum: _some, ...rest } = schema;
  return { ...rest, type: [...types, 'null'], ...(values === undefined ? {} : { enum: [...values, null] }) };
}

/** What says nothing takes anything. */
function takesNull({ $ref, anyOf = [], oneOf = [] }: Schema): boolean {
  const alternatives = [...anyOf, ...oneOf];
  return $ref === undefined && (alternatives.length === 0 || alternatives.some(({ type }) => type === 'null'));
}
