import { setTimeout as delay } from 'node:timers/promises';
import type { Pool } from 'pg';
import type { Logger } from '../log.ts';
import { type StartRecovery, startRecoveries } from './recovery.ts';
import { type DeliveryRow, deliveryColumns, type NudgeDelivery, type StartDelivery } from './start-delivery.ts';
import { nudgeMovedUp, sweep } from './sweep.ts';

export interface DispatcherDeps {
  pool: Pool;
  start: StartDelivery;
  nudge: NudgeDelivery;
  startRecovery: StartRecovery;
  log: Logger;
}

export interface Dispatcher {
  /** Something was committed: look at once. */
  wake(): void;
  /** Waits for the starts under way. */
  stop(): Promise<void>;
}

/** Without a wake (its notification may be lost) the outbox is looked at this often. */
const pollMs = 1_000;
const sweepMs = 30_000;
const maxStartsUnderWay = 100;
/** A dispatcher that dies leaves its rows to another after this. */
const startLeaseSeconds = 10;

/** Takes deliveries out of the outbox, oldest first, and starts one workflow for each. Runs until stopped. */
export function startDispatcher({ pool, start, nudge, startRecovery, log }: DispatcherDeps): Dispatcher {
  const stopping = new AbortController();
  const underWay = new Set<Promise<void>>();
  let signal = Promise.withResolvers<void>();
  let isTemporalAway = false;

  const wake = () => signal.resolve();

  async function dispatchOne(row: DeliveryRow): Promise<void> {
    try {
      await start(row);
      isTemporalAway = false;
      await markStarted(row.id);
    } catch (error) {
      if (!isTemporalAway) log.warn({ err: error, deliveryId: row.id }, 'a delivery could not be started; trying on');
      isTemporalAway = true;
      await postpone(pool, row.id).catch(() => undefined);
    }
  }

  const markStarted = coalesce(async (ids: string[]) => {
    await pool.query(
      'update delivery set dispatched_at = clock_timestamp(), start_lease_until = null where id = any ($1::bigint[])',
      [ids],
    );
  });

  /** While Temporal is away a single start probes for it. */
  async function fill(): Promise<void> {
    const room = (isTemporalAway ? 1 : maxStartsUnderWay) - underWay.size;
    if (room <= 0) return;
    const rows = await claim(pool, room);
    for (const row of rows) {
      const started = dispatchOne(row).finally(() => {
        underWay.delete(started);
        wake();
      });
      underWay.add(started);
    }
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      signal = Promise.withResolvers();
      await fill().catch((error) => log.warn({ err: error }, 'the outbox could not be read; trying on'));
      if (isTemporalAway) await delay(pollMs, undefined, { signal: stopping.signal }).catch(() => undefined);
      const timer = setTimeout(wake, pollMs);
      await signal.promise;
      clearTimeout(timer);
    }
    await Promise.all(underWay);
  }

  async function lookAfterChanges(): Promise<void> {
    while (!stopping.signal.aborted) {
      await startRecoveries({ pool, startRecovery }).catch((error) =>
        log.warn({ err: error }, 'no recovery was started'),
      );
      await nudgeMovedUp({ pool, nudge, log }).catch((error) => log.warn({ err: error }, 'nothing was moved up'));
      await delay(pollMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  }

  async function sweepRegularly(): Promise<void> {
    while (!stopping.signal.aborted) {
      await sweep({ pool, start, nudge, log }).catch((error) =>
        log.warn({ err: error }, 'the sweep failed; trying on'),
      );
      await delay(sweepMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  }

  const done = Promise.all([run(), lookAfterChanges(), sweepRegularly()]);
  return {
    wake,
    async stop() {
      stopping.abort();
      wake();
      await done;
    },
  };
}

async function claim(pool: Pool, limit: number): Promise<DeliveryRow[]> {
  const { rows } = await pool.query<DeliveryRow>(
    `with claimed as (
       update delivery set start_lease_until = clock_timestamp() + make_interval(secs => $2)
       where id in (
         select id from delivery
         where dispatched_at is null and (start_lease_until is null or start_lease_until < clock_timestamp())
         order by id limit $1 for update skip locked
       )
       returning *
     )
     select ${deliveryColumns} from claimed d
     join event v on v.id = d.event_id join webhook_endpoint e on e.id = d.endpoint_id
     order by d.id`,
    [limit, startLeaseSeconds],
  );
  return rows;
}

/** Others go first: one that Temporal refuses must not stand in the way of all. */
const postpone = (pool: Pool, id: string) =>
  pool.query(
    `update delivery set start_lease_until = clock_timestamp() + interval '3 seconds' where id = $1 and dispatched_at is null`,
    [id],
  );

/** Collects the arguments of calls made while one run is under way into the next run. */
function coalesce<T>(run: (items: T[]) => Promise<void>): (item: T) => Promise<void> {
  let waiting: T[] = [];
  let next: Promise<void> | undefined;
  let current: Promise<void> = Promise.resolve();
  return (item) => {
    waiting.push(item);
    next ??= current
      .catch(() => undefined)
      .then(() => {
        const items = waiting;
        waiting = [];
        next = undefined;
        current = run(items);
        return current;
      });
    return next;
  };
}
