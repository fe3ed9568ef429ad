import { Decimal } from 'decimal.js';
import type { Connection, Queryable } from '../../db/database.ts';
import { maxBatchItems } from '../../http/batch.ts';
import type { Actor } from '../../organizations/actor.ts';
import { recordMovements } from '../movements/record-movements.ts';
import { refusalError } from '../movements/refusal.ts';
import type { Fault, ImportCounts } from './fault.ts';
import type { StockRow } from './read-stock.ts';

interface Deps {
  db: Connection;
  actor: Actor;
}

/** What importing these rows would come to: a dry run of the counts. */
export async function previewStock(
  { db, actor }: Deps,
  rows: StockRow[],
): Promise<{ counts: ImportCounts; faults: Fault[] }> {
  const faults: Fault[] = [];
  for (const batch of batchesOf(rows)) {
    const outcomes = await count({ pool: db.pool, actor }, batch, { atomic: false, dryRun: true });
    for (const [n, outcome] of outcomes.entries()) {
      const row = batch[n];
      if (row === undefined || outcome.refusal === null) continue;
      const field = outcome.refused_ref === null ? undefined : outcome.refused_ref === 'part' ? 'sku' : 'location';
      const value = field && row.movement[field === 'sku' ? 'part' : 'location'].name;
      faults.push({ line: row.line, field, value, reason: { kind: 'movement', refusal: outcome } });
    }
  }
  const refused = new Set(faults.map(({ line }) => line));
  const { counts } = await differing(
    { pool: db.pool, actor },
    rows.filter(({ line }) => !refused.has(line)),
  );
  return { counts, faults };
}

/**
 * Counts what the rows say in the caller's transaction, batch by batch; what the books say already is left as it is. Throws the
 * first refusal.
 */
export async function importStock(
  { db, actor }: Deps,
  rows: StockRow[],
): Promise<{ counts: ImportCounts; deliveries: number }> {
  const { pool } = db;
  // All at once in the order of their ids, as every movement locks them: else two imports could wait for each other.
  await pool.query('select from part where organization_id = $1 and sku_key = any ($2) order by id for no key update', [
    actor.organizationId,
    rows.map(({ skuKey }) => skuKey),
  ]);
  const { counts, changed } = await differing({ pool, actor }, rows);
  let deliveries = 0;
  for (const batch of batchesOf(changed)) {
    const request = {
      movements: batch.map(({ movement }) => movement),
      atomic: true,
      dryRun: false,
      idempotency: undefined,
    };
    const recorded = await recordMovements({ pool, actor }, request);
    for (const [n, outcome] of recorded.outcomes.entries()) {
      const movement = batch[n]?.movement;
      if (movement !== undefined && outcome.refusal !== null) throw refusalError(outcome, movement);
    }
    deliveries += recorded.deliveries;
  }
  return { counts, deliveries };
}

async function count(
  deps: { pool: Queryable; actor: Actor },
  rows: StockRow[],
  { atomic, dryRun }: { atomic: boolean; dryRun: boolean },
) {
  const movements = rows.map(({ movement }) => movement);
  return (await recordMovements(deps, { movements, atomic, dryRun, idempotency: undefined })).outcomes;
}

/** The rows whose quantity is not on hand by now; nothing on hand before counts as new. */
async function differing(
  { pool, actor }: { pool: Queryable; actor: Actor },
  rows: StockRow[],
): Promise<{ counts: ImportCounts; changed: StockRow[] }> {
  const { rows: levels } = await pool.query<{ on_hand: string }>(
    `select coalesce(v.on_hand, 0) as on_hand
     from unnest($2::text[], $3::text[]) with ordinality r (sku_key, name_key, n)
     left join part p on p.organization_id = $1 and p.sku_key = r.sku_key
     left join location l on l.organization_id = $1 and l.name_key = r.name_key
     left join stock_level v on v.organization_id = $1 and v.part_id = p.id and v.location_id = l.id
     order by r.n`,
    [actor.organizationId, rows.map(({ skuKey }) => skuKey), rows.map(({ locationKey }) => locationKey)],
  );
  const counts: ImportCounts = { created: 0, updated: 0, unchanged: 0 };
  const changed: StockRow[] = [];
  for (const [n, row] of rows.entries()) {
    const onHand = new Decimal(levels[n]?.on_hand ?? 0);
    if (onHand.equals(row.quantity)) {
      counts.unchanged += 1;
      continue;
    }
    counts[onHand.isZero() ? 'created' : 'updated'] += 1;
    changed.push(row);
  }
  return { counts, changed };
}

const batchesOf = (rows: StockRow[]): StockRow[][] =>
  Array.from({ length: Math.ceil(rows.length / maxBatchItems) }, (_, n) =>
    rows.slice(n * maxBatchItems, (n + 1) * maxBatchItems),
  );
