import { isStorable } from '../../db/conditions.ts';
import type { Queryable } from '../../db/database.ts';
import { foldName, tidyName } from '../../fold-name.ts';
import { asId } from '../../http/query.ts';

/**
 * The ids of the parts that a scanned or typed text means: the one with this sku, else those with this barcode, else the one with
 * this id. Archived parts too.
 */
export async function lookUpParts(
  { pool }: { pool: Queryable },
  { organizationId, text }: { organizationId: number; text: string },
): Promise<number[]> {
  if (text.trim() === '' || !isStorable(text)) return [];
  const { rows } = await pool.query<{ id: string; rank: number }>(
    `select id, case when sku_key = $2 then 1 when barcode = $3 then 2 else 3 end as rank from part
     where organization_id = $1 and (sku_key = $2 or barcode = $3 or id = $4) order by rank, id limit $5`,
    [organizationId, foldName(text), tidyName(text), asId(text.trim()) ?? null, maxFound],
  );
  return rows.filter(({ rank }) => rank === rows[0]?.rank).map(({ id }) => Number(id));
}

const maxFound = 50;
