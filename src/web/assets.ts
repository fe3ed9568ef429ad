import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, extname, join } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import type { Context } from 'koa';
import { notFound } from '../errors.ts';

interface Asset {
  type: string;
  content: Buffer;
  compressed: Buffer | undefined;
}

const own = join(import.meta.dirname, 'assets');
const packageFile = createRequire(import.meta.url).resolve;

/** What pages need beside themselves, read once: a few hundred kilobytes. */
const assets = new Map([...ownFiles(), ...fontFiles()].map(([name, content]) => [name, toAsset(name, content)]));

const version = createHash('sha256')
  .update(JSON.stringify([...assets].map(([name, { content }]) => [name, content.toString('base64')])))
  .digest('hex')
  .slice(0, 12);

/** Where pages find an asset: under a hash of them all, so browsers may keep it for ever. */
export const assetUrl = (name: string) => `/assets/${version}/${name}`;

/** `/assets/:version/*name`. Another version's address, from a page of before a deployment, answers what we have, not kept. */
export function serveAsset(ctx: Context): void {
  const asset = assets.get(ctx.params.name);
  if (asset === undefined) throw notFound(`There is nothing at ${ctx.path}.`);
  const isCurrent = ctx.params.version === version;
  ctx.set('Cache-Control', isCurrent ? 'public, max-age=31536000, immutable' : 'no-cache');
  ctx.set('X-Content-Type-Options', 'nosniff');
  ctx.vary('Accept-Encoding');
  ctx.type = asset.type;
  ctx.body = asset.content;
  if (asset.compressed && ctx.acceptsEncodings('br', 'identity') === 'br') {
    ctx.set('Content-Encoding', 'br');
    ctx.body = asset.compressed;
  }
}

function toAsset(name: string, content: Buffer): Asset {
  const isText = extname(name) !== '.woff2';
  return { type: extname(name), content, compressed: isText ? brotliCompressSync(content) : undefined };
}

function ownFiles(): [string, Buffer][] {
  return readdirSync(own).map((name) => [name, readFileSync(join(own, name))]);
}

/** IBM Plex in the weights that app.css names, for Latin scripts. */
function fontFiles(): [string, Buffer][] {
  return (['sans', 'mono'] as const).flatMap((family) => {
    const files = join(dirname(packageFile(`@fontsource/ibm-plex-${family}/package.json`)), 'files');
    return ['latin', 'latin-ext'].flatMap((subset) =>
      (family === 'sans' ? [400, 500, 600] : [400, 500]).map((weight): [string, Buffer] => [
        `fonts/plex-${family}-${subset}-${weight}.woff2`,
        readFileSync(join(files, `ibm-plex-${family}-${subset}-${weight}-normal.woff2`)),
      ]),
    );
  });
}
