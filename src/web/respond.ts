import type { Context } from 'koa';
import type { Services } from '../app.ts';
import { type Flash, keepFlash } from '../people/flash.ts';
import type { Html } from './html.ts';
import { redirect } from './session.ts';
import { signedInOf } from './visit.ts';

/** Answers a page; 422 with a form that is shown again. */
export async function show(ctx: Context, page: Html, status = 200): Promise<void> {
  ctx.status = status;
  ctx.type = 'html';
  ctx.body = `<!doctype html>\n${await page}`;
}

/** After a form that did its work: goes to `path`, whose page says so once. */
export async function redirectSaying(
  { db }: Pick<Services, 'db'>,
  ctx: Context,
  path: string,
  message: string,
  more: Omit<Partial<Flash>, 'message'> = {},
): Promise<void> {
  const [page = path] = path.split('?');
  await keepFlash(db, signedInOf(ctx).session.id, page, { kind: 'done', message, ...more });
  redirect(ctx, path);
}
