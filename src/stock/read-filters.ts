import type { Context } from 'koa';
import { sql } from 'kysely';
import type { Pool } from 'pg';
import { nothing } from '../db/conditions.ts';
import type { Sql } from '../db/keyset.ts';
import { readId, readQuery } from '../http/query.ts';
import { checkBy, findReference } from './find-reference.ts';

export const stockFilterParameters = ['sku', 'partId', 'location', 'locationId', 'by'] as const;
type StockFilterParameter = (typeof stockFilterParameters)[number];

/** The ids that a list is narrowed to. */
export interface StockFilter {
  partId?: number;
  locationId?: number;
}

/**
 * Resolves the stock filters of a query. Answers undefined when they can match nothing (a part or location that does not
 * exist is no error in a filter). Throws 400 and 409 like `findReference`.
 */
export async function readStockFilter(
  { pool }: { pool: Pool },
  organizationId: number,
  query: Partial<Record<StockFilterParameter, string>>,
): Promise<StockFilter | undefined> {
  const by = checkBy(query.by, ['id', 'sku', 'name']);
  const find = (noun: 'part' | 'location', text: string | undefined, id: string | undefined, idParameter: string) =>
    resolve({ pool }, noun, { organizationId, text, by, id, idParameter });
  const partId = await find('part', query.sku, query.partId, 'partId');
  const locationId = await find('location', query.location, query.locationId, 'locationId');
  if (partId === 'nothing' || locationId === 'nothing') return undefined;
  return {
    ...(partId === 'any' ? {} : { partId }),
    ...(locationId === 'any' ? {} : { locationId }),
  };
}

async function resolve(
  { pool }: { pool: Pool },
  noun: 'part' | 'location',
  given: {
    organizationId: number;
    text?: string | undefined;
    by?: string | undefined;
    id?: string | undefined;
    idParameter: string;
  },
): Promise<number | 'any' | 'nothing'> {
  const { organizationId, text, by } = given;
  const id = readId(given.idParameter, given.id);
  if (text === undefined) return id ?? 'any';
  const named = await findReference({ pool }, noun, { organizationId, text, by });
  if (named === undefined || (id !== undefined && id !== named)) return 'nothing';
  return named;
}

/** The rows of a part and at a location, given the columns that say so. */
export const stockConditions = (
  filter: StockFilter | undefined,
  { part, location }: { part: Sql; location: Sql },
): Sql[] =>
  filter === undefined
    ? [nothing]
    : [
        ...(filter.partId === undefined ? [] : [sql`${part} = ${filter.partId}`]),
        ...(filter.locationId === undefined ? [] : [sql`${location} = ${filter.locationId}`]),
      ];

/** The query parameters of a list of stock or movements. */
export function readStockQuery<const T extends string>(ctx: Context, others: readonly T[]) {
  return readQuery(ctx, [...stockFilterParameters, ...others]);
}
