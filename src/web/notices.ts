import type { Queryable } from '../db/database.ts';
import { disabledByHand } from '../webhooks/endpoints/disable-endpoint.ts';

/** What an organization's people should know of on every page. */
export interface NoticeCounts {
  /** Endpoints that were disabled for their failures, not by hand. */
  endpointsDisabled: number;
  /** The latest of them. */
  disabledEndpoint: { id: number; url: string; reason: string } | undefined;
  /** Parts at or below their reorder point. */
  partsLow: number;
}

export async function countNotices({ pool }: { pool: Queryable }, organizationId: number): Promise<NoticeCounts> {
  const { rows } = await pool.query<NoticeRow>({
    name: 'count-notices',
    text: `select
        (select json_agg(json_build_object('id', id, 'url', url, 'reason', disabled_reason) order by disabled_at desc) from webhook_endpoint
         where organization_id = $1 and deleted_at is null and disabled_at is not null and disabled_reason <> $2) as disabled,
        (select count(*)::integer from part
         where organization_id = $1 and archived_at is null and on_hand <= reorder_point) as parts_low`,
    values: [organizationId, disabledByHand],
  });
  const disabled = rows[0]?.disabled ?? [];
  return { endpointsDisabled: disabled.length, disabledEndpoint: disabled[0], partsLow: rows[0]?.parts_low ?? 0 };
}

interface NoticeRow {
  disabled: { id: number; url: string; reason: string }[] | null;
  parts_low: number;
}
