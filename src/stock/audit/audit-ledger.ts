import { Client } from 'pg';

/** Something stored that does not follow from the ledger: of a movement, of a stock level (at its location), or of the part. */
export interface LedgerDifference {
  organizationId: number;
  partId: number;
  record: 'movement' | 'stock level' | 'part';
  movementId: number | null;
  locationId: number | null;
  /** As in the API; `hash` and `ledgerHash` are those of the chain over a part's rows. */
  field: string;
  stored: unknown;
  /** What it should be; null where there should be nothing, or what it names is not there. */
  derived: unknown;
}

export interface AuditStep {
  /** Where to go on: parts are audited in the order of their ids. */
  afterPartId: number;
  parts: number;
  differences: LedgerDifference[];
}

/** A step takes about this long, whatever its parts have in movements; the smallest is one part. */
const stepMs = 500;
const maxPartsOfStep = 1_000;

/**
 * Derives levels, totals, values and hashes from the ledger alone and compares them with what is stored, some parts in each
 * step. Each step is one statement, and so one snapshot: writers who are busy meanwhile are no difference. Works on a
 * connection of its own, without a limit of time: one part may have a million movements. `signal` cuts it off: then it throws.
 */
export async function* auditLedger(
  { databaseUrl, signal }: { databaseUrl: string; signal?: AbortSignal },
  { organizationId, afterPartId = 0 }: { organizationId?: number | undefined; afterPartId?: number },
): AsyncGenerator<AuditStep, void, undefined> {
  const client = new Client({
    connectionString: databaseUrl,
    keepAlive: true,
    application_name: 'maintainkit audit',
    options: '-c default_transaction_read_only=on',
  });
  client.on('error', () => undefined); // the query under way says it
  const leave = () => void client.end().catch(() => undefined);
  signal?.addEventListener('abort', leave);
  await client.connect();
  try {
    let after = afterPartId;
    let size = 1;
    for (;;) {
      const ids = await nextParts(client, { organizationId, after, size });
      const last = ids.at(-1);
      if (last === undefined) return;
      const startedAt = performance.now();
      const differences = await differencesOf(client, ids);
      yield { afterPartId: last, parts: ids.length, differences };
      after = last;
      size = nextSize(size, performance.now() - startedAt);
    }
  } finally {
    signal?.removeEventListener('abort', leave);
    await client.end().catch(() => undefined);
  }
}

function nextSize(size: number, tookMs: number): number {
  if (tookMs > stepMs) return Math.max(Math.floor((size * stepMs) / tookMs), 1);
  return Math.min(tookMs < stepMs / 2 ? size * 2 : size, maxPartsOfStep);
}

async function nextParts(
  client: Client,
  { organizationId, after, size }: { organizationId: number | undefined; after: number; size: number },
): Promise<number[]> {
  const one = organizationId === undefined ? '' : 'and organization_id = $3';
  const { rows } = await client.query<{ id: string }>(
    `select id from part where id > $1 ${one} order by id limit $2`,
    organizationId === undefined ? [after, size] : [after, size, organizationId],
  );
  return rows.map(({ id }) => Number(id));
}

interface DifferenceRow {
  organization_id: string;
  part_id: string;
  record: LedgerDifference['record'];
  movement_id: string | null;
  location_id: string | null;
  field: string;
  stored: unknown;
  derived: unknown;
}

async function differencesOf(client: Client, partIds: number[]): Promise<LedgerDifference[]> {
  const { rows } = await client.query<DifferenceRow>('select * from audit_parts($1)', [partIds]);
  const differences = rows.map(({ record, field, stored, derived, ...ids }) => ({
    organizationId: Number(ids.organization_id),
    partId: Number(ids.part_id),
    record,
    movementId: ids.movement_id === null ? null : Number(ids.movement_id),
    locationId: ids.location_id === null ? null : Number(ids.location_id),
    field,
    stored,
    derived,
  }));
  return differences.sort((a, b) => a.partId - b.partId);
}
