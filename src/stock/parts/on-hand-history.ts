import type { Queryable } from '../../db/database.ts';

export interface OnHandHistory {
  /** The total after each movement, oldest first; of several that are close together the last one. */
  points: { at: Date; onHand: number }[];
  /** False when the ledger of that time is too long to be read whole: then the points begin later. */
  isWhole: boolean;
}

/** How finely time is told apart: about as a screen can show it. */
const steps = 360;
/** The most movements that are looked at, the newest ones. */
const maxRows = 5_000;

/**
 * A part's total over time, from the running totals of its ledger: one range of its index, of bounded length. The first point
 * is the total at `from`.
 */
export async function onHandHistory(
  { pool }: { pool: Queryable },
  { organizationId, partId, from, until }: { organizationId: number; partId: number; from: Date; until: Date },
): Promise<OnHandHistory> {
  const { rows } = await pool.query<{ step: number; created_at: string; on_hand: string; read: number }>(
    `select distinct on (step) step, created_at, on_hand, read from (
       select id, created_at, on_hand, count(*) over ()::integer as read,
         width_bucket(extract(epoch from created_at), extract(epoch from $3::timestamptz), extract(epoch from $4::timestamptz), $5) as step
       from (
         select id, created_at, on_hand from movement
         where organization_id = $1 and part_id = $2 order by id desc limit $6) newest) stepped
     order by step, id desc`,
    [organizationId, partId, from, until, steps, maxRows],
  );
  const before = rows.find(({ step }) => step === 0);
  const isWhole = before !== undefined || (rows[0]?.read ?? 0) < maxRows;
  const within = rows.filter(({ step }) => step > 0);
  const points = within.map((row) => ({ at: new Date(row.created_at), onHand: Number(row.on_hand) }));
  return { points: isWhole ? [{ at: from, onHand: Number(before?.on_hand ?? 0) }, ...points] : points, isWhole };
}
