import type { Context } from 'koa';
import getRawBody from 'raw-body';
import { badRequest, payloadTooLarge, unprocessable, unsupportedMediaType } from '../errors.ts';
import { parseJson } from './json.ts';

const defaultLimitBytes = 1024 * 1024;

/**
 * Reads the request's body as a JSON object, its numbers as `NumberLiteral`s. Throws 400, 413, 415 or 422.
 */
export async function readJsonObject(ctx: Context, limitBytes = defaultLimitBytes): Promise<Record<string, unknown>> {
  const encoding = ctx.get('Content-Encoding');
  if (encoding !== '' && encoding.toLowerCase() !== 'identity') {
    throw unsupportedMediaType(`Content-Encoding "${encoding}" is not supported; send the body uncompressed.`);
  }
  const hasBody = ctx.request.is('*/*') !== null;
  if (!hasBody) throw badRequest('A JSON body is required.');
  if (!ctx.request.is('json', '+json')) {
    throw unsupportedMediaType('Send the body as JSON with `Content-Type: application/json`.');
  }
  if (ctx.request.charset !== '' && ctx.request.charset.toLowerCase() !== 'utf-8') {
    throw unsupportedMediaType('JSON is UTF-8; another charset is not supported.');
  }

  const value = parse(decodeUtf8(await readBody(ctx, limitBytes)));
  if (typeof value !== 'object' || value === null || Array.isArray(value) || !isPlainObject(value)) {
    throw unprocessable('The body must be a JSON object.');
  }
  return value;
}

/** The same where the body may be left out: then `{}`. */
export async function readOptionalJsonObject(ctx: Context): Promise<Record<string, unknown>> {
  const hasBody = ctx.request.is('*/*') !== null && ctx.get('Content-Length') !== '0';
  return hasBody ? readJsonObject(ctx) : {};
}

/** The body's bytes, once read, stay in `ctx.state.body`: an idempotent request is told by them. */
export async function readBody(ctx: Context, limitBytes = defaultLimitBytes): Promise<Buffer> {
  ctx.state.body ??= await receive(ctx, limitBytes);
  const body: Buffer = ctx.state.body;
  if (body.length > limitBytes) throw payloadTooLarge(limitBytes);
  return body;
}

async function receive(ctx: Context, limitBytes: number): Promise<Buffer> {
  try {
    return await getRawBody(ctx.req, { length: ctx.get('Content-Length') || null, limit: limitBytes });
  } catch (error) {
    if (isRawBodyError(error) && error.type === 'entity.too.large') throw payloadTooLarge(limitBytes);
    throw badRequest('The body did not arrive whole.');
  }
}

function decodeUtf8(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw badRequest('The body is not valid UTF-8.');
  }
}

function parse(text: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    if (error instanceof RangeError) throw badRequest('The JSON is nested too deeply.');
    const detail = error instanceof SyntaxError ? error.message : 'malformed';
    throw badRequest(`The body is not valid JSON: ${detail}`);
  }
}

function isPlainObject(value: object): value is Record<string, unknown> {
  return Object.getPrototypeOf(value) === Object.prototype;
}

function isRawBodyError(error: unknown): error is Error & { type: string } {
  return error instanceof Error && 'type' in error && typeof error.type === 'string';
}
