import type { z } from 'zod';
import type { oas31, ZodOpenApiOperationObject, ZodOpenApiPathsObject, ZodOpenApiResponsesObject } from 'zod-openapi';
import { idSchema, type JsonSchema } from '../http/fields.ts';

/** One operation of the API, as the document describes it. */
export interface Operation {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** Below `/api/v1`, parameters in braces: `/parts/{id}`. */
  path: string;
  /** The operation's name in generated clients. */
  id: string;
  tag: string;
  summary: string;
  description?: string;
  query?: Record<string, Parameter>;
  headers?: Record<string, Parameter>;
  body?: Body;
  /** By status; null: an answer without a body. */
  answers: Record<number, Answer | null>;
  /** The refusals beside those that every operation, or every one of this shape, may give. */
  refusals?: number[];
}

export interface Parameter {
  description: string;
  schema: JsonSchema;
}

interface Body {
  schema: z.ZodType | JsonSchema;
  optional?: boolean;
  contentTypes?: string[];
}

interface Answer {
  description: string;
  schema: z.ZodType | JsonSchema;
  /** A list: as CSV too, where the client prefers it. */
  isList?: boolean;
  headers?: oas31.HeadersObject;
}

const errorNames: Record<number, string> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  409: 'Conflict',
  412: 'PreconditionFailed',
  413: 'PayloadTooLarge',
  415: 'UnsupportedMediaType',
  422: 'Unprocessable',
  429: 'RateLimited',
  500: 'Internal',
  503: 'Unavailable',
};

const errorDescriptions: Record<number, string> = {
  400: 'Malformed JSON, an unknown or malformed query parameter, a malformed header.',
  401: 'No key, or one that is unknown, revoked or expired.',
  403: 'A read-only key on a write.',
  404: 'What the path names does not exist.',
  409: 'The request contradicts what is stored, or the same request is still running.',
  412: '`If-Match` does not name the current version.',
  413: 'The body is too large.',
  415: 'The body is not JSON.',
  422: 'Well-formed, but it cannot be carried out; the message names each field.',
  429: 'Too many requests of this key; `Retry-After` says when to go on.',
  500: 'A fault on our side; `X-Request-Id` finds it in the log.',
  503: 'The database is away; try again after `Retry-After`.',
};

const everyAnswer: oas31.HeadersObject = {
  'X-Request-Id': { description: 'Finds the request in the log.', schema: { type: 'string' } },
  'RateLimit-Policy': {
    description: 'Of a limited key: `q` requests in `w` seconds.',
    schema: { type: 'string', examples: ['"per-key";q=600;w=60'] },
  },
  RateLimit: {
    description: 'Of a limited key: `r` requests are left, `t` seconds until it may make them all again.',
    schema: { type: 'string', examples: ['"per-key";r=599;t=60'] },
  },
};
const retryAfter = (description: string): oas31.HeadersObject => ({
  'Retry-After': { description, schema: { type: 'string' } },
});
const errorHeaders: Record<string, oas31.HeadersObject> = {
  401: { 'WWW-Authenticate': { description: 'How to sign in.', schema: { type: 'string' } } },
  409: retryAfter('Seconds to wait, when the same request is still running.'),
  429: retryAfter('Seconds to wait.'),
  503: retryAfter('Seconds to wait.'),
};

/** The shared answers, for `components.responses`. */
export const errorResponses = Object.fromEntries(
  Object.entries(errorNames).map(([status, name]) => [
    name,
    {
      description: errorDescriptions[Number(status)] ?? '',
      headers: { ...everyAnswer, ...errorHeaders[status] },
      content: { 'application/json': { schema: { $ref: '#/components/schemas/ErrorAnswer' } } },
    },
  ]),
);

export const idempotencyKey: Parameter = {
  description:
    'Makes the request safe to send again: a repeat within 7 days gets the stored answer, with `Idempotent-Replayed: true`.',
  schema: { type: 'string', minLength: 1, maxLength: 255 },
};

const replayed: oas31.HeadersObject = {
  'Idempotent-Replayed': { description: '`true` on a stored answer.', schema: { type: 'string', enum: ['true'] } },
};

export function pathsOf(operations: Operation[]): ZodOpenApiPathsObject {
  const paths: ZodOpenApiPathsObject = {};
  for (const operation of operations) {
    const path = `/api/v1${operation.path}`;
    paths[path] = { ...paths[path], [operation.method]: describe(operation) };
  }
  return paths;
}

function describe(operation: Operation): ZodOpenApiOperationObject {
  const isWrite = operation.method !== 'get';
  const headers = { ...operation.headers, ...(isWrite ? { 'Idempotency-Key': idempotencyKey } : {}) };
  const body = operation.body;
  const pathParameters = [...operation.path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) =>
    pathParameter(name, operation),
  );
  return {
    operationId: operation.id,
    tags: [operation.tag],
    summary: operation.summary,
    description: operation.description ?? `${operation.summary}.`,
    parameters: [
      ...pathParameters,
      ...parametersIn('query', operation.query ?? {}),
      ...parametersIn('header', headers),
    ],
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: body.optional !== true,
            content: Object.fromEntries(
              (body.contentTypes ?? ['application/json']).map((type) => [type, { schema: body.schema }]),
            ),
          },
        }),
    responses: responsesOf(operation, isWrite),
  };
}

const parametersIn = (place: 'query' | 'header', parameters: Record<string, Parameter>) =>
  Object.entries(parameters).map(([name, { description, schema }]) => ({
    name,
    in: place,
    required: false,
    description,
    schema,
  }));

function pathParameter(name: string, { path }: Operation) {
  const byName = path.startsWith('/parts/') ? 'sku' : path.startsWith('/locations/') ? 'name' : undefined;
  const isEvent = path.startsWith('/events/');
  return {
    name,
    in: 'path' as const,
    required: true,
    description: isEvent ? 'The event’s id.' : byName === undefined ? 'The id.' : `The id, or the ${byName}.`,
    schema: isEvent
      ? { type: 'string' as const, format: 'uuid' }
      : byName === undefined
        ? idSchema
        : { type: 'string' as const, minLength: 1 },
  };
}

function responsesOf(operation: Operation, isWrite: boolean): ZodOpenApiResponsesObject {
  const responses: ZodOpenApiResponsesObject = {};
  for (const [status, answer] of Object.entries(operation.answers)) {
    const headers = {
      ...everyAnswer,
      ...(isWrite ? replayed : {}),
      ...answer?.headers,
    };
    responses[`${Number(status)}` as '200'] =
      answer === null
        ? { description: 'Done.', headers }
        : { description: answer.description, headers, content: contentOf(answer) };
  }
  const statuses = new Set([
    400,
    401,
    429,
    500,
    503,
    ...(isWrite ? [403, 409, 422] : []),
    ...(operation.path.includes('{') ? [404] : []),
    ...(operation.body === undefined ? [] : [413, 415]),
    ...(operation.refusals ?? []),
  ]);
  for (const status of [...statuses].sort()) {
    responses[`${status}` as '400'] = { $ref: `#/components/responses/${errorNames[status]}` };
  }
  return responses;
}

const contentOf = ({ schema, isList }: Answer) => ({
  'application/json': { schema },
  ...(isList ? { 'text/csv': { schema: csv } } : {}),
});

const csv: JsonSchema = {
  type: 'string',
  description:
    'RFC 4180, UTF-8: a header line with the keys of the JSON rows, then each row; every row unless `limit`. Null is an empty ' +
    'field, an empty text a quoted one, lists and objects are JSON.',
};
