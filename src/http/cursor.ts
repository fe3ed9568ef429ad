import { crc32 } from 'node:zlib';
import { fitsKey, type Key, type Sort } from '../db/keyset.ts';
import { badRequest } from '../errors.ts';

/** What a cursor belongs to; another list or another order has no such place. */
export interface CursorScope {
  list: string;
  /** As in the query string: `-updatedAt`. */
  sort: string;
}

const version = 1;

/** A place in a list as text: opaque to clients, with a checksum so that a mangled one is not taken for another place. */
export function encodeCursor({ list, sort }: CursorScope, key: Key): string {
  const content = Buffer.from(JSON.stringify([version, list, sort, ...key]));
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(content));
  return Buffer.concat([checksum, content]).toString('base64url');
}

/** Throws 400 for anything that `encodeCursor` did not give for this list and order. */
export function decodeCursor(parameter: string, cursor: string, scope: CursorScope, { key: columns }: Sort): Key {
  const bytes = Buffer.from(cursor, 'base64url');
  const content = bytes.subarray(4);
  const isWhole = bytes.length > 4 && bytes.toString('base64url') === cursor && bytes.readUInt32BE() === crc32(content);
  const parsed: unknown = isWhole ? parsedOrUndefined(content.toString()) : undefined;
  if (Array.isArray(parsed)) {
    const [givenVersion, list, sort, ...key] = parsed;
    const isOurs = givenVersion === version && list === scope.list && sort === scope.sort;
    if (isOurs && key.length === columns.length && columns.every((column, n) => fitsKey(column, key[n]))) return key;
  }
  throw badRequest(`\`${parameter}\` is not one that this list gave in this order.`);
}

function parsedOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
