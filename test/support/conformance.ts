import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { openApiDocument } from '../../src/openapi/document.ts';
import type { Answer } from './api.ts';

const ajv = new Ajv2020({ strict: false, allErrors: true });
formats.default(ajv);

/** The document with every described object closed: a key that it does not name is a fault here. */
const closed = JSON.parse(JSON.stringify(openApiDocument), (_key, value) =>
  isObjectSchema(value) ? { ...value, additionalProperties: false } : value,
);
ajv.addSchema(closed, 'api');

function isObjectSchema(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    'type' in value &&
    value.type === 'object' &&
    'properties' in value &&
    Object.keys(value.properties as object).length > 0 &&
    !('additionalProperties' in value)
  );
}

const templates = Object.keys(closed.paths).map((path) => ({
  path,
  pattern: new RegExp(`^${path.replaceAll('.', '\\.').replace(/\{\w+\}/g, '[^/]+')}$`),
}));
/** Headers that any answer of HTTP may have. */
const httpsOwn = new Set([
  'connection',
  'content-length',
  'content-type',
  'date',
  'keep-alive',
  'transfer-encoding',
  'vary',
]);
const validators = new Map<string, ValidateFunction>();

/**
 * Throws when an answer is not as the API's document says: status, headers, content type, body. What no operation of the document
 * takes (an unknown path or method) is not its affair. `path` below /api/v1.
 */
export function checkDocumented(method: string, path: string, answer: Answer): void {
  const bare = `/api/v1${path.split('?')[0]}`;
  // A fixed path goes before one with parameters.
  const template = templates
    .filter(({ pattern }) => pattern.test(bare))
    .sort((a, b) => a.path.split('{').length - b.path.split('{').length)[0]?.path;
  const operation = template && closed.paths[template][method.toLowerCase()];
  if (!operation) return;
  const name = `${method} ${template} → ${answer.status}`;
  const response = operation.responses[answer.status];
  if (response === undefined) throw new Error(`${name} is not documented: ${answer.text.slice(0, 300)}`);
  const [pointer, { headers, content }] = response.$ref
    ? [response.$ref, closed.components.responses[response.$ref.split('/').at(-1)]]
    : [`#/paths/${pointerOf(template)}/${method.toLowerCase()}/responses/${answer.status}`, response];
  const documented = Object.keys(headers).map((header) => header.toLowerCase());
  for (const header of answer.headers.keys()) {
    if (!httpsOwn.has(header) && !documented.includes(header)) throw new Error(`${name} has an undocumented ${header}`);
  }
  const type = answer.headers.get('content-type')?.split(';')[0] ?? '';
  if (content === undefined) {
    if (answer.text !== '') throw new Error(`${name} has a body that is not documented`);
    return;
  }
  if (content[type] === undefined) throw new Error(`${name} has the content type "${type}", which is not documented`);
  if (type !== 'application/json') return;
  const validate = validatorOf(`api${pointer}/content/application~1json/schema`);
  if (!validate(answer.body)) {
    throw new Error(
      `${name} is not as documented: ${ajv.errorsText(validate.errors?.slice(0, 5))}\n${answer.text.slice(0, 500)}`,
    );
  }
}

function validatorOf(ref: string): ValidateFunction {
  const known = validators.get(ref) ?? ajv.compile({ $ref: ref });
  validators.set(ref, known);
  return known;
}

const pointerOf = (path: string) => encodeURIComponent(path.replaceAll('~', '~0').replaceAll('/', '~1'));
