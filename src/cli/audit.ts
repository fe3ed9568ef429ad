import { auditLedger, type LedgerDifference } from '../stock/audit/audit-ledger.ts';
import type { CliContext } from './context.ts';

export interface AuditReport {
  ok: boolean;
  differences: LedgerDifference[];
  /** How many there are beyond the ones shown. */
  more?: number;
}

const maxShown = 10_000;
const progressEveryMs = 2_000;

/** `mk audit`: every part, or one organization's. Says on stderr how far it is. Throws when there is no such organization. */
export async function audit({ pool, databaseUrl }: CliContext, organizationId?: number): Promise<AuditReport> {
  const { rows } = await pool.query<{ parts: number }>(
    `select (select count(*)::integer from part p where p.organization_id = o.id) as parts from organization o
     where $1::bigint is null or o.id = $1`,
    [organizationId],
  );
  if (organizationId !== undefined && rows.length === 0) throw new Error(`There is no organization ${organizationId}.`);
  const total = rows.reduce((sum, { parts }) => sum + parts, 0);

  const differences: LedgerDifference[] = [];
  let audited = 0;
  let found = 0;
  const progress = setInterval(
    () => process.stderr.write(`${audited} of ${total} parts, ${found} differences\n`),
    progressEveryMs,
  );
  try {
    for await (const step of auditLedger({ databaseUrl }, { organizationId })) {
      audited += step.parts;
      found += step.differences.length;
      differences.push(...step.differences.slice(0, maxShown - differences.length));
    }
  } finally {
    clearInterval(progress);
  }
  const more = found - differences.length;
  return { ok: found === 0, differences, ...(more > 0 ? { more } : {}) };
}
