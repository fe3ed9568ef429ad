import type { Pool } from 'pg';
import type { EndStatus } from '../../workflows/contract.ts';
import type { Logger } from '../log.ts';
import { endDelivery } from './end-delivery.ts';
import { type DeliveryRow, deliveryColumns, type NudgeDelivery, type StartDelivery } from './start-delivery.ts';

const overdueMinutes = 2;
const maxRows = 500;
const maxNudges = 50;
/** One endpoint with a long queue must not keep the others from being looked after. */
const maxRowsOfEndpoint = 50;
const maxMovedUp = 20;

export interface SweepDeps {
  pool: Pool;
  start: StartDelivery;
  nudge: NudgeDelivery;
  log: Logger;
}

/**
 * Finds deliveries that were started, have no outcome and are overdue, and starts them again under the same id. A running
 * workflow is asked for the attempt that is due (Temporal may have it down for later: a worker that died in an attempt
 * could not name the next time), a lost one (Temporal's store was lost or rolled back) begins anew where the row stands, and one that
 * closed without telling the row (an operator terminated it) gives the row its end.
 */
export async function sweep({ pool, start, nudge, log }: SweepDeps): Promise<void> {
  const { rows } = await pool.query<DeliveryRow>(
    `select ${deliveryColumns} from (
       select id, organization_id, endpoint_id, event_id, redelivery, due_at,
         row_number() over (partition by endpoint_id order by due_at) as place
       from delivery
       where ended_at is null and dispatched_at is not null
         and due_at < clock_timestamp() - make_interval(mins => $1)
         and (attempt_lease_until is null or attempt_lease_until < clock_timestamp())
     ) d
     join event v on v.id = d.event_id join webhook_endpoint e on e.id = d.endpoint_id
     where d.place <= $3 order by d.place, d.due_at limit $2`,
    [overdueMinutes, maxRows, maxRowsOfEndpoint],
  );
  for (const [index, row] of rows.entries()) {
    try {
      const started = await start(row);
      if (started.state === 'closed') await endAsClosed(pool, row, started, log);
      else if (index < maxNudges) await nudge(row);
    } catch (error) {
      log.warn({ err: error, deliveryId: row.id }, 'an overdue delivery could not be looked after; trying on');
    }
  }
}

/** Asks for the attempts that are due by now and were moved up: Temporal has them down for later. */
export async function nudgeMovedUp({ pool, nudge, log }: Omit<SweepDeps, 'start'>): Promise<void> {
  const { rows } = await pool.query<DeliveryRow>(
    `select ${deliveryColumns} from delivery d
     join event v on v.id = d.event_id join webhook_endpoint e on e.id = d.endpoint_id
     where d.is_moved_up and d.ended_at is null and d.dispatched_at is not null and d.due_at < clock_timestamp()
       and (d.attempt_lease_until is null or d.attempt_lease_until < clock_timestamp())
     order by d.due_at limit $1`,
    [maxMovedUp],
  );
  for (const row of rows) {
    await nudge(row).catch((error) => log.debug({ err: error, deliveryId: row.id }, 'a delivery could not be asked'));
  }
}

async function endAsClosed(
  pool: Pool,
  row: DeliveryRow,
  end: { status: EndStatus; message: string },
  log: Logger,
): Promise<void> {
  log.warn({ deliveryId: row.id, status: end.status }, 'a delivery ended in Temporal, but not in its row');
  const reason = end.status === 'delivered' ? null : end.message;
  await endDelivery({ pool }, { id: row.id, status: end.status, reason });
}
