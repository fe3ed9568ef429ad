import { Busboy, type BusboyInstance } from '@fastify/busboy';
import type { Context } from 'koa';
import { badRequest, payloadTooLarge, unsupportedMediaType } from '../errors.ts';

/** What a form with a file sent. */
export interface SentFile {
  fields: Record<string, string>;
  /** undefined: no file was chosen. */
  file: { name: string; content: Buffer; isTooLarge: boolean } | undefined;
}

/** A form holds few fields beside its file; what goes beyond is cut off. */
const limits = { files: 1, fields: 10, fieldSize: 1_000, headerPairs: 50 };

/**
 * Reads a `multipart/form-data` body with one file. A file that is larger than `maxBytes` is said to be so; one that is larger by
 * far is not read to its end. Throws 400, 413 or 415.
 */
export async function readFileForm(ctx: Context, maxBytes: number): Promise<SentFile> {
  const contentType = ctx.get('Content-Type');
  if (!ctx.request.is('multipart/form-data')) throw unsupportedMediaType('Send the page’s own form.');
  const sent: SentFile = { fields: {}, file: undefined };
  const chunks: Buffer[] = [];
  const parser = parserOf({ ...ctx.req.headers, 'content-type': contentType }, maxBytes);
  parser.on('field', (name, value) => {
    sent.fields[name] = value;
  });
  parser.on('file', (_field, stream, name) => {
    const file = { name: (name ?? '').replaceAll('\0', ''), content: Buffer.alloc(0), isTooLarge: false };
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    // A body that ends within the file says so here alone; unheard, it would end the process.
    stream.on('error', (error) => parser.emit('error', error));
    stream.on('limit', () => {
      file.isTooLarge = true;
    });
    stream.on('end', () => {
      file.content = Buffer.concat(chunks);
      if (file.name !== '') sent.file = file;
    });
  });
  await receive(ctx, parser, maxBytes);
  return sent;
}

function parserOf(
  headers: { 'content-type': string } & NodeJS.Dict<string | string[]>,
  maxBytes: number,
): BusboyInstance {
  try {
    return new Busboy({ headers, limits: { ...limits, fileSize: maxBytes } });
  } catch {
    throw badRequest('The form did not arrive whole.');
  }
}

const mostTimesTooLarge = 4;

function receive(ctx: Context, parser: BusboyInstance, maxBytes: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let received = 0;
    ctx.req.on('data', (chunk: Buffer) => {
      received += chunk.length;
      if (received <= mostTimesTooLarge * maxBytes) return;
      ctx.req.unpipe(parser);
      reject(payloadTooLarge(maxBytes));
    });
    ctx.req.on('aborted', () => reject(badRequest('The form did not arrive whole.')));
    parser.on('finish', resolve);
    parser.on('error', () => reject(badRequest('The form did not arrive whole.')));
    ctx.req.pipe(parser);
  });
}
