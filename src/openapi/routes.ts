import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Router } from '@koa/router';
import type { Context } from 'koa';
import { openApiDocument } from './document.ts';

const explorerFiles = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
const asset = (name: string) => readFileSync(join(explorerFiles, name));

const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>maintainkit API</title>
<link rel="icon" href="/docs/favicon.png">
<link rel="stylesheet" href="/docs/explorer.css">
<main id="explorer"></main>
<script src="/docs/explorer.js"></script>
<script src="/docs/start.js"></script>
</html>
`;

const start = `SwaggerUIBundle({
  url: '/api/v1/openapi.json',
  dom_id: '#explorer',
  deepLinking: true,
  validatorUrl: null,
  persistAuthorization: false,
});
`;

/** The document and its explorer, both without a key. Everything the page needs comes from here: no request leaves. */
export function mountDocumentation(router: Router): void {
  const document = JSON.stringify(openApiDocument);
  const files: Record<string, [type: string, content: string | Buffer]> = {
    'explorer.js': ['js', asset('swagger-ui-bundle.js')],
    'explorer.css': ['css', asset('swagger-ui.css')],
    'favicon.png': ['png', asset('favicon-32x32.png')],
    'start.js': ['js', start],
  };

  router.get('/api/v1/openapi.json', (ctx) => answer(ctx, 'json', document));
  router.get('/docs', (ctx) => {
    // The explorer styles its own elements inline; scripts come from here only.
    ctx.set(
      'Content-Security-Policy',
      "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    ctx.set('X-Content-Type-Options', 'nosniff');
    ctx.set('Referrer-Policy', 'no-referrer');
    answer(ctx, 'html', page);
  });
  for (const [name, [type, content]] of Object.entries(files)) {
    router.get(`/docs/${name}`, (ctx) => {
      ctx.set('Cache-Control', 'public, max-age=3600');
      answer(ctx, type, content);
    });
  }
}

function answer(ctx: Context, type: string, content: string | Buffer): void {
  ctx.type = type;
  ctx.body = content;
}
