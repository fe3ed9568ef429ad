import type { Context } from 'koa';
import { notFound } from '../errors.ts';
import { asId } from '../http/query.ts';

/** The `:id` of a page's address. Throws 404 for what can be no id. */
export function idOf(ctx: Context): number {
  const id = asId(ctx.params.id ?? '');
  if (id === undefined) throw notFound(`There is nothing at ${ctx.path}.`);
  return id;
}

/** One parameter of the query; a page ignores what it does not know, and takes the last of several. */
export function queryOf(ctx: Context, name: string): string | undefined {
  return [ctx.query[name]].flat().at(-1);
}

/** A file to keep instead of a page to look at. */
export function asDownload(ctx: Context, name: string): void {
  ctx.attachment(name);
}
