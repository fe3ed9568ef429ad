import type { Pool } from 'pg';
import { isStorable } from '../db/conditions.ts';
import { badRequest, conflict } from '../errors.ts';
import { foldName } from '../fold-name.ts';
import { asId } from '../http/query.ts';

/** Parts and locations are referenced alike: by id, or by the name that people give them. */
const nouns = {
  part: { table: 'part', named: 'sku', key: 'sku_key' },
  location: { table: 'location', named: 'name', key: 'name_key' },
} as const;

/**
 * The id of what a path or query string names, or undefined when there is nothing of that id, sku or name.
 * Throws 409 when the text is one row's id and another's name, unless `by` says which is meant; 400 for a `by` that
 * makes no sense.
 */
export async function findReference(
  { pool }: { pool: Pool },
  noun: keyof typeof nouns,
  { organizationId, text, by }: { organizationId: number; text: string; by?: string | undefined },
): Promise<number | undefined> {
  const { table, named, key } = nouns[noun];
  const id = by === named ? undefined : asId(text);
  const name = by === 'id' || !isStorable(text) ? undefined : foldName(text);
  const { rows } = await pool.query<{ id: string; named: string }>(
    `select id, ${named} as named from ${table} where organization_id = $1 and (id = $2 or ${key} = $3) limit 2`,
    [organizationId, id ?? null, name ?? null],
  );
  if (rows.length > 1) {
    const [byId, byName] = Number(rows[0]?.id) === id ? rows : rows.toReversed();
    throw conflict(
      `"${text}" is the id of the ${noun} "${byId?.named}" and the ${named} of the ${noun} with id ${byName?.id}. Say which with \`?by=id\` or \`?by=${named}\`.`,
    );
  }
  return rows[0] === undefined ? undefined : Number(rows[0].id);
}

/** Throws 400 unless `by` is one of `choices` or absent. */
export function checkBy(by: string | undefined, choices: readonly string[]): string | undefined {
  if (by === undefined || choices.includes(by)) return by;
  throw badRequest(`\`by\` must be ${choices.map((choice) => `\`${choice}\``).join(' or ')}.`);
}
