import type { Context } from 'koa';
import { preconditionFailed } from '../errors.ts';

/** A strong validator of an object's own fields: each change of them moves `updatedAt` on, movements do not. */
export const etagOf = ({ id, updatedAt }: { id: number; updatedAt: Date }) =>
  `"${id}-${updatedAt.getTime().toString(36)}"`;

/** Throws 412 when the request has an `If-Match` that does not name this version. It is honoured, never demanded. */
export function checkIfMatch(ctx: Context, current: string): void {
  const given = ctx.get('If-Match');
  if (given === '' || given.trim() === '*') return;
  const named = given.split(',').map((etag) => etag.trim());
  if (!named.includes(current))
    throw preconditionFailed(`\`If-Match\` does not match: the current version is ${current}.`);
}
