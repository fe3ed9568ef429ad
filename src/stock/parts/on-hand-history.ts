import type { Queryable } from '../../db/database.ts';

export interface OnHandHistory {
  /** The total as it went, oldest first. Of movements that are close together: the least, the most and the last, at one time. */
  points: { at: Date; onHand: number }[];
  /** False when the ledger of that time is too long to be read whole: then the points begin later. */
  isWhole: boolean;
}

/** How finely time is told apart: about as a screen can show it. */
const steps = 360;
/** The most movements that are looked at, the newest ones. */
const maxRows = 5_000;

interface StepRow {
  step: number;
  at: string;
  least: string;
  most: string;
  last: string;
  read: number;
}

/**
 * A part's total over time, from the running totals of its ledger: one range of its index, of bounded length. The first point
 * is the total at `from`.
 */
export async function onHandHistory(
  { pool }: { pool: Queryable },
  { organizationId, partId, from, until }: { organizationId: number; partId: number; from: Date; until: Date },
): Promise<OnHandHistory> {
  const { rows } = await pool.query<StepRow>(
    `select step, max(created_at) as at, min(on_hand) as least, max(on_hand) as most,
       (array_agg(on_hand order by id desc))[1] as last, max(read) as read
     from (
       select id, created_at, on_hand, count(*) over ()::integer as read,
         width_bucket(extract(epoch from created_at), extract(epoch from $3::timestamptz), extract(epoch from $4::timestamptz), $5) as step
       from (
         select id, created_at, on_hand from movement
         where organization_id = $1 and part_id = $2 order by id desc limit $6) newest) stepped
     group by step order by step`,
    [organizationId, partId, from, until, steps, maxRows],
  );
  const before = rows.find(({ step }) => step === 0);
  const isWhole = before !== undefined || (rows[0]?.read ?? 0) < maxRows;
  const within = rows.filter(({ step }) => step > 0).flatMap(pointsOf);
  return { points: isWhole ? [{ at: from, onHand: Number(before?.last ?? 0) }, ...within] : within, isWhole };
}

const pointsOf = ({ at, least, most, last }: StepRow) =>
  [least, most, last]
    .map((onHand) => ({ at: new Date(at), onHand: Number(onHand) }))
    .filter(({ onHand }, n, all) => all.findLastIndex((point) => point.onHand === onHand) === n);
