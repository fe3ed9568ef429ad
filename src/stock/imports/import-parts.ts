import type { Connection } from '../../db/database.ts';
import { ApiError } from '../../errors.ts';
import { maxBatchItems } from '../../http/batch.ts';
import type { Actor } from '../../organizations/actor.ts';
import { putParts } from '../parts/put-parts.ts';
import { byLine, type Fault, type ImportCounts } from './fault.ts';
import type { PartRow } from './read-parts.ts';

/** What importing these rows would come to: a dry run of `PUT /parts/batch`, as one batch. */
export async function previewParts(
  deps: { db: Connection; actor: Actor },
  rows: PartRow[],
): Promise<{ counts: ImportCounts; faults: Fault[] }> {
  const items = rows.map(({ item }) => item);
  const { results } = await putParts(deps, { items, atomic: false, dryRun: true });
  const counts: ImportCounts = { created: 0, updated: 0, unchanged: 0 };
  const faults: Fault[] = [];
  for (const [n, result] of results.entries()) {
    if (result instanceof ApiError) faults.push({ line: rows[n]?.line ?? 0, reason: { kind: 'part', error: result } });
    else counts[result.status] += 1;
  }
  return { counts, faults: faults.sort(byLine) };
}

/** Imports the rows in the caller's transaction, batch by batch. Throws the first refusal. */
export async function importParts(
  deps: { db: Connection; actor: Actor },
  rows: PartRow[],
): Promise<{ counts: ImportCounts; deliveries: number }> {
  const counts: ImportCounts = { created: 0, updated: 0, unchanged: 0 };
  let deliveries = 0;
  for (let start = 0; start < rows.length; start += maxBatchItems) {
    const items = rows.slice(start, start + maxBatchItems).map(({ item }) => item);
    const batch = await putParts(deps, { items, atomic: true, dryRun: false });
    for (const result of batch.results) if (!(result instanceof ApiError)) counts[result.status] += 1;
    deliveries += batch.deliveries;
  }
  return { counts, deliveries };
}
