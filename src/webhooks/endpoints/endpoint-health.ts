import type { Queryable } from '../../db/database.ts';
import type { EndpointId } from './endpoint.ts';

export interface Outcomes {
  attempts: number;
  delivered: number;
}

/** `p50Ms` and `p95Ms`: how long an answer took, of the attempts that got one; null when none did. */
export interface Health extends Outcomes {
  p50Ms: number | null;
  p95Ms: number | null;
}

/** A stretch of time, for each of its parts that had an attempt: `ago` counts from the last part, which is 0. */
export interface HealthOver {
  total: Health;
  parts: (Health & { ago: number })[];
}

export const healthSpans = {
  day: { hours: 24, partHours: 1 },
  week: { hours: 7 * 24, partHours: 6 },
} as const;
export type HealthSpan = keyof typeof healthSpans;

/** How an endpoint's attempts went in the last 24 hours and 7 days, from the attempt log. */
export async function endpointHealth(
  { pool }: { pool: Queryable },
  { organizationId, id }: EndpointId,
): Promise<Record<HealthSpan, HealthOver>> {
  const { day, week } = healthSpans;
  const { rows } = await pool.query<HealthRow>(
    `with attempt as (
       select duration_ms, error_class, status_code, floor(extract(epoch from now() - started_at) / 3600)::integer as hours_ago
       from delivery_attempt
       where endpoint_id = (select id from webhook_endpoint where organization_id = $1 and id = $2)
         and started_at > now() - make_interval(hours => $3) and started_at <= now()
     )
     select span, ago, count(*)::integer as attempts, (count(*) filter (where error_class is null))::integer as delivered,
       percentile_cont(array[0.5, 0.95]) within group (order by duration_ms) filter (where status_code is not null) as percentiles
     from attempt cross join lateral (values ('day', hours_ago / $5, hours_ago < $4), ('week', hours_ago / $6, true)) s (span, ago, is_within)
     where is_within group by grouping sets ((span, ago), (span)) order by span, ago desc`,
    [organizationId, id, week.hours, day.hours, day.partHours, week.partHours],
  );
  return { day: over(rows, 'day'), week: over(rows, 'week') };
}

/** Of each endpoint that had an attempt in the last 24 hours, by its id. */
export async function outcomesOfDay(
  { pool }: { pool: Queryable },
  organizationId: number,
): Promise<Map<number, Outcomes>> {
  const { rows } = await pool.query<{ id: string } & Outcomes>(
    `select e.id, count(*)::integer as attempts, (count(*) filter (where a.error_class is null))::integer as delivered
     from webhook_endpoint e
     join delivery_attempt a on a.endpoint_id = e.id and a.started_at > now() - make_interval(hours => $2)
     where e.organization_id = $1 and e.deleted_at is null group by e.id`,
    [organizationId, healthSpans.day.hours],
  );
  return new Map(rows.map(({ id, attempts, delivered }) => [Number(id), { attempts, delivered }]));
}

interface HealthRow extends Outcomes {
  span: HealthSpan;
  /** null: of the whole span. */
  ago: number | null;
  percentiles: [number, number] | null;
}

function over(rows: HealthRow[], span: HealthSpan): HealthOver {
  const own = rows.filter((row) => row.span === span);
  const total = own.find(({ ago }) => ago === null);
  return {
    total: total === undefined ? { attempts: 0, delivered: 0, p50Ms: null, p95Ms: null } : healthOf(total),
    parts: own.flatMap((row) => (row.ago === null ? [] : [{ ...healthOf(row), ago: row.ago }])),
  };
}

const healthOf = ({ attempts, delivered, percentiles }: HealthRow): Health => ({
  attempts,
  delivered,
  p50Ms: percentiles?.[0] ?? null,
  p95Ms: percentiles?.[1] ?? null,
});
