import { expect } from 'vitest';
import type { TestApi } from '../support/api.ts';

/** What must hold for every part of the database at any moment at rest. */
export async function expectLedgerInvariants({ db }: TestApi): Promise<void> {
  const none = async (what: string, text: string) => expect((await db.pool.query(text)).rows, what).toEqual([]);
  await none(
    'levels that are not the sum of their ledger rows',
    `select part_id, location_id, l.on_hand, m.total from stock_level l
     full join (select part_id, location_id, sum(qty_delta) as total from movement group by 1, 2) m using (part_id, location_id)
     where l.on_hand is distinct from m.total`,
  );
  await none(
    'parts whose total is not the sum of their levels',
    `select p.id, p.on_hand, sum(l.on_hand) from part p left join stock_level l on l.part_id = p.id
     group by p.id having p.on_hand <> coalesce(sum(l.on_hand), 0)`,
  );
  await none(
    'parts whose value is not the sum of their ledger rows, or that have one without stock',
    `select p.id, p.value, sum(m.value) from part p left join movement m on m.part_id = p.id
     group by p.id having p.value <> coalesce(sum(m.value), 0) or (p.on_hand = 0 and p.value <> 0) or p.value < 0`,
  );
  await none(
    'ledger rows whose total_value is not the running value in id order',
    `select * from (
       select id, kind, total_value,
         sum(case when transfer_id is null then value else 0 end) over (partition by part_id order by id) as running
       from movement) m
     where total_value <> running`,
  );
  await none(
    'ledger rows whose hash does not follow from their content and the row before',
    `select id from (
       select m, m.id, m.hash, coalesce(lag(m.hash) over (partition by m.part_id order by m.id), '') as previous
       from movement m) c
     where hash <> movement_digest(previous, m)`,
  );
  await none(
    'parts whose hash is not that of their newest row',
    `select p.id from part p where p.ledger_hash <> coalesce(
       (select hash from movement m where m.part_id = p.id order by id desc limit 1), '')`,
  );
  // Between the two rows of a transfer the running total is short of what is on its way.
  await none(
    'ledger rows whose on_hand is not the running total in id order',
    `select * from (
       select id, kind, on_hand,
         sum(case when transfer_id is null then qty_delta else 0 end) over (partition by part_id order by id) as running
       from movement) m
     where on_hand <> running`,
  );
  await none(
    'levels that were below zero at some row',
    `select * from (
       select id, sum(qty_delta) over (partition by part_id, location_id order by id) as level from movement) m
     where level < 0`,
  );
  await none(
    'transfers that are not two rows, out then in, of one part',
    `select transfer_id from movement where kind = 'transfer' group by transfer_id
     having count(*) <> 2 or sum(qty_delta) <> 0 or min(part_id) <> max(part_id) or min(location_id) = max(location_id)
       or (array_agg(qty_delta order by id))[1] >= 0`,
  );
  await none(
    'ledger rows without exactly one event that says the same',
    `select m.id, count(e.id) from movement m
     left join event e on e.movement_id = m.id and e.type = 'stock.movement.created'
       and e.organization_id = m.organization_id
       and (e.data ->> 'partId')::bigint = m.part_id and (e.data ->> 'locationId')::bigint = m.location_id
       and (e.data ->> 'qtyDelta')::numeric = m.qty_delta and (e.data ->> 'onHand')::numeric = m.on_hand
       and e.data ->> 'kind' = m.kind and e.created_at = m.created_at
     group by m.id having count(e.id) <> 1`,
  );
  await none(
    'movement events without a ledger row',
    `select id from event where type = 'stock.movement.created' and movement_id is null`,
  );
  await none(
    'stock.low events that are not exactly the crossings of a reorder point that never changed',
    `with crossing as (
       select m.id from (
         select id, part_id, on_hand, coalesce(lag(on_hand) over (partition by part_id order by id), 0) as before from movement) m
       join part p on p.id = m.part_id
       where m.before > p.reorder_point and m.on_hand <= p.reorder_point)
     select c.id, e.movement_id from crossing c
     full join (select movement_id from event where type = 'stock.low') e on e.movement_id = c.id
     where c.id is null or e.movement_id is null`,
  );
}
