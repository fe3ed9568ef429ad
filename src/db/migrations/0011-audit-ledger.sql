-- The audit: what the ledger's rows say of each other, and what levels and parts say of them.

-- Something stored that does not follow from the ledger. Of a movement, a stock level (by its location) or the part itself.
create type ledger_difference as (
  organization_id bigint, part_id bigint, record text, movement_id bigint, location_id bigint,
  field text, stored json, derived json
);

-- What a row is worth, given the stock and its value before it; null where the ledger alone does not say it: the second row of a
-- transfer (the opposite of the first), what came in without a price while nothing was on hand (at the cost that was entered
-- then), and a reversal of what is not there.
create function derived_value(p_on_hand numeric, p_value bigint, m movement, p_original_value bigint) returns numeric language sql immutable as $$
  select case
    when m.reverses_id is not null and p_original_value is null then null
    when m.transfer_id is not null and m.reverses_id is not null then -p_original_value
    when m.transfer_id = m.id then -cents_of(-m.qty_delta, p_value, greatest(p_on_hand, -m.qty_delta))
    when m.transfer_id is not null then null
    when p_on_hand + m.qty_delta = 0 then -p_value
    when m.reverses_id is not null then greatest(-p_original_value, -p_value)
    when m.qty_delta > 0 and m.unit_cost is null and p_on_hand = 0 then null
    else value_of(p_on_hand, p_value, null, m.qty_delta, m.unit_cost)
  end
$$;

create function audited(p_number numeric) returns json language sql immutable as $$ select to_json(trim_scale(p_number)) $$;

-- Of these parts' ledger rows. A running total that is off stays off: it is said of the row where that begins, so one wrong row
-- is not followed by all that come after it.
create function audit_movements(p_part_ids bigint[]) returns setof ledger_difference language sql stable as $$
  with running as (
    select m, m.id, m.organization_id, m.part_id,
      coalesce(lag(m.hash) over by_part, '') as hash_before,
      coalesce(lag(m.on_hand) over by_part, 0) as on_hand_before, coalesce(lag(m.total_value) over by_part, 0) as value_before,
      coalesce(sum(m.qty_delta) filter (where m.transfer_id is null) over by_part, 0) as on_hand,
      coalesce(sum(m.value) filter (where m.transfer_id is null) over by_part, 0) as total_value,
      coalesce(sum(m.qty_delta) over (partition by m.part_id, m.location_id order by m.id), 0) - m.qty_delta as level_before
    from part p join movement m on m.organization_id = p.organization_id and m.part_id = p.id
    where p.id = any (p_part_ids)
    window by_part as (partition by m.part_id order by m.id)
  ), off as (
    select r.*, o.id as original_id, o.qty_delta as original_delta, o.value as original_value, o.location_id as original_location_id,
      t.id as first_id, t.qty_delta as first_delta, t.value as first_value, t.location_id as first_location_id,
      (r.m).on_hand - r.on_hand as on_hand_off, lag((r.m).on_hand - r.on_hand, 1, 0.0) over by_part as on_hand_was_off,
      (r.m).total_value - r.total_value as value_off, lag((r.m).total_value - r.total_value, 1, 0.0) over by_part as value_was_off,
      (r.m).expected - r.level_before as expected_off,
      (r.m).transfer_id is not null and not exists (
        select from movement x where x.transfer_id = (r.m).transfer_id and x.part_id = r.part_id and x.id <> r.id) as is_alone
    from running r
    left join movement o on o.organization_id = r.organization_id and o.id = (r.m).reverses_id and o.part_id = r.part_id
    left join movement t on t.organization_id = r.organization_id and t.id = (r.m).transfer_id and t.part_id = r.part_id and t.id <> r.id
    window by_part as (partition by r.part_id order by r.id)
  ), judged as (
    select o.*, derived_value(on_hand_before, value_before, m, original_value) as value, movement_digest(hash_before, m) as hash,
      lag(expected_off, 1, 0.0) over (partition by part_id, (m).location_id, expected_off is null order by id) as expected_was_off
    from off o
  )
  select organization_id, part_id, 'movement', id, (m).location_id, d.field, d.stored, d.derived
  from judged j cross join lateral (
    select 1, 'qtyDelta', audited((m).qty_delta), audited(-coalesce(original_delta, first_delta))
      where (m).qty_delta <> -original_delta or (m).qty_delta <> -first_delta
    union all select 2, 'locationId', to_json((m).location_id), to_json(original_location_id)
      where (m).location_id <> original_location_id or (m).location_id = first_location_id
    union all select 3, 'onHand', audited((m).on_hand), audited(on_hand + on_hand_was_off)
      where on_hand_off <> 0 and on_hand_off <> on_hand_was_off
    union all select 4, 'expected', audited((m).expected), audited(level_before + expected_was_off)
      where expected_off <> 0 and expected_off <> expected_was_off
    union all select 5, 'value', to_json((m).value), audited(case when (m).value <> -first_value then -first_value else value end)
      where (m).value <> -first_value or ((m).value <> value and not (
        -- A wrong or missing row before it is not its fault: then it may follow from what it says itself of the stock before it.
        (on_hand_was_off <> 0 or value_was_off <> 0 or (on_hand_off <> 0 and value_off <> 0))
        and (m).value is not distinct from derived_value(
          (m).on_hand - case when (m).transfer_id is null then (m).qty_delta else 0 end,
          (m).total_value - case when (m).transfer_id is null then (m).value else 0 end, m, original_value)))
    union all select 6, 'totalValue', to_json((m).total_value), audited(total_value + value_was_off)
      where value_off <> 0 and value_off <> value_was_off
    union all select 7, 'transferId', to_json((m).transfer_id), null where is_alone
    union all select 8, 'reversesId', to_json((m).reverses_id), null where (m).reverses_id is not null and original_id is null
    union all select 9, 'hash', to_json(encode((m).hash, 'hex')), to_json(encode(hash, 'hex')) where (m).hash <> hash
  ) d (n, field, stored, derived)
  order by part_id, id, d.n
$$;

-- Of these parts' levels, and of the parts themselves: the newest hash is what a missing last row shows by.
create function audit_totals(p_part_ids bigint[]) returns setof ledger_difference language sql stable as $$
  select p.organization_id, p.id, 'stock level', null::bigint, location_id, 'onHand', audited(l.on_hand), audited(l.derived)
  from part p cross join lateral (
    select location_id, s.on_hand, m.derived
    from (select location_id, sum(qty_delta) as derived from movement
      where organization_id = p.organization_id and part_id = p.id group by location_id) m
    full join (select location_id, on_hand from stock_level where organization_id = p.organization_id and part_id = p.id) s using (location_id)
  ) l
  where p.id = any (p_part_ids) and l.on_hand is distinct from l.derived
  union all
  select p.organization_id, p.id, 'part', null, null, d.field, d.stored, d.derived
  from part p
  cross join lateral (
    select coalesce(sum(qty_delta), 0) as on_hand, coalesce(sum(value), 0) as value
    from movement where organization_id = p.organization_id and part_id = p.id) s
  left join lateral (
    select hash from movement where organization_id = p.organization_id and part_id = p.id order by id desc limit 1) newest on true
  cross join lateral (
    select 1, 'onHand', audited(p.on_hand), audited(s.on_hand) where p.on_hand <> s.on_hand
    union all select 2, 'value', to_json(p.value), audited(s.value) where p.value <> s.value
    union all select 3, 'ledgerHash', to_json(encode(p.ledger_hash, 'hex')), to_json(encode(coalesce(newest.hash, ''), 'hex'))
      where p.ledger_hash <> coalesce(newest.hash, '')
  ) d (n, field, stored, derived)
  where p.id = any (p_part_ids)
$$;

-- All that differs in these parts, as one snapshot shows them. A part's ledger, levels and totals are committed together, so
-- writers who are busy meanwhile make no difference.
create function audit_parts(p_part_ids bigint[]) returns setof ledger_difference language sql stable as $$
  select * from audit_movements(p_part_ids)
  union all
  select * from audit_totals(p_part_ids)
$$;
