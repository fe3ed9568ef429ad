-- Movements, whole, in one call: references, locks, checks, ledger rows, levels, events and deliveries, for one movement as
-- for a thousand. All checks stand before the first write: what is refused has written nothing.

-- What is asked for. `quantity` is the qty, the signed delta or the target, as the kind says; none when it reverses.
create type movement_item as (
  kind text,
  part_key text, part_digits bigint, part_id bigint,
  location_key text, location_digits bigint, location_id bigint, -- a transfer's `from`
  to_key text, to_digits bigint, to_id bigint,
  quantity numeric, unit_cost bigint, expected_on_hand numeric, reverses bigint, occurred_at timestamptz,
  external_id text, reference text, reference_line text, reason_code text, cost_center text, work_order text, note text
);

create type movement_outcome as (
  refusal text,       -- null when recorded
  refused_ref text,   -- which reference: part, location (transfer: from) or to
  available numeric,  -- insufficient_stock, unexpected_on_hand: what is there
  existing_id bigint, -- external_id_taken, already_reversed: by which movement
  movement_id bigint, part_id bigint, sku text, on_hand numeric, unit text
);

-- An item with the ids that its references stand for. What reverses a movement takes place where that one did.
create type resolved_item as (
  n bigint, refusal text, refused_ref text,
  kind text, part_id bigint, location_id bigint, to_id bigint,
  quantity numeric, unit_cost bigint, expected_on_hand numeric, occurred_at timestamptz,
  external_id text, reference text, reference_line text, reason_code text, cost_center text, work_order text, note text,
  reverses bigint, reverses_second bigint, original_delta numeric, original_value bigint -- what it undoes; `second`: of a transfer
);

-- A reference is a folded name (`p_named` has it, or has it as its id), an id, or both, which must then agree.
create function refuse_reference(p_key text, p_named bigint, p_id bigint, p_found bigint) returns text language sql immutable as $$
  select case
    when p_key is not null and p_named is null then 'unknown_name'
    when p_id is not null and p_found is null then 'unknown_id'
    when p_named <> p_found then 'disagree'
  end
$$;

create function find_location_ref(p_organization_id bigint, p_key text, p_digits bigint, p_id bigint, out id bigint, out refusal text)
language sql stable as $$
  select coalesce(found, named), refuse_reference(p_key, named, p_id, found) from (
    select
      coalesce(
        (select l.id from location l where organization_id = p_organization_id and name_key = p_key),
        (select l.id from location l where organization_id = p_organization_id and l.id = p_digits)) as named,
      (select l.id from location l where organization_id = p_organization_id and l.id = p_id) as found) f
$$;

-- The items, in order. Their references are looked up as above, written out: in a function it would cost more. Each is a
-- subselect, so that none can become a join that reads a whole table.
create function resolve_items(p_organization_id bigint, p_items jsonb) returns setof resolved_item language sql stable as $$
  with looked_up as materialized (
    select i.*,
      case when i.part_key is not null then coalesce(
        (select id from part where organization_id = p_organization_id and sku_key = i.part_key),
        (select id from part where organization_id = p_organization_id and id = i.part_digits)) end as part_named,
      case when i.part_id is not null then
        (select id from part where organization_id = p_organization_id and id = i.part_id) end as part_found,
      case when i.location_key is not null then coalesce(
        (select id from location where organization_id = p_organization_id and name_key = i.location_key),
        (select id from location where organization_id = p_organization_id and id = i.location_digits)) end as location_named,
      case when i.location_id is not null then
        (select id from location where organization_id = p_organization_id and id = i.location_id) end as location_found,
      case when i.to_key is not null then coalesce(
        (select id from location where organization_id = p_organization_id and name_key = i.to_key),
        (select id from location where organization_id = p_organization_id and id = i.to_digits)) end as to_named,
      case when i.to_id is not null then
        (select id from location where organization_id = p_organization_id and id = i.to_id) end as to_found,
      -- Either row of a transfer stands for both: the first one is meant.
      case when i.reverses is not null then
        (select m from movement m where organization_id = p_organization_id and id =
          (select coalesce(transfer_id, id) from movement where organization_id = p_organization_id and id = i.reverses)) end as o
    from jsonb_populate_recordset(null::movement_item, p_items) with ordinality i
  ), found as materialized (
    select l.*,
      refuse_reference(part_key, part_named, part_id, part_found) as part_refusal,
      refuse_reference(location_key, location_named, location_id, location_found) as location_refusal,
      refuse_reference(to_key, to_named, to_id, to_found) as to_refusal,
      coalesce(part_found, part_named) as part, coalesce(location_found, location_named) as place, coalesce(to_found, to_named) as to_place,
      case when (o).transfer_id is not null then
        (select m from movement m where transfer_id = (l.o).transfer_id and id <> (l.o).id) end as second
    from looked_up l
  )
  select
    ordinality,
    case
      when reverses is not null and (o).id is null then 'unknown_movement'
      when part_refusal is not null then part_refusal
      when location_refusal is not null then location_refusal
      when to_refusal is not null then to_refusal
      when to_place = place then 'same_location'
      when part <> (o).part_id or (place <> (o).location_id and place is distinct from (second).location_id) then 'reverses_another'
    end,
    case
      when part_refusal is not null then 'part'
      when location_refusal is not null then 'location'
      when to_refusal is not null or to_place = place then 'to'
    end,
    kind, coalesce((o).part_id, part), coalesce((o).location_id, place), coalesce((second).location_id, to_place),
    quantity, unit_cost, expected_on_hand, occurred_at,
    external_id, reference, reference_line, reason_code, cost_center, work_order, note,
    (o).id, (second).id, (o).qty_delta, (o).value
  from found
$$;

-- Cents for a quantity at a price of `p_value` for `p_quantity_of_value`: exact, halves to the even cent.
create function cents_of(p_quantity numeric, p_value numeric, p_quantity_of_value numeric) returns numeric language plpgsql immutable as $$
declare
  v_quotient numeric := div(p_quantity * p_value, p_quantity_of_value);
  v_twice_rest numeric := 2 * (p_quantity * p_value - v_quotient * p_quantity_of_value);
begin
  if abs(v_twice_rest) > p_quantity_of_value or (abs(v_twice_rest) = p_quantity_of_value and v_quotient % 2 <> 0) then
    v_quotient := v_quotient + sign(v_twice_rest);
  end if;
  return v_quotient;
end $$;

-- What a change of a part's stock is worth, in cents. What comes in is worth its price, else what the stock is worth on
-- average, else the part's entered cost; what goes out takes the average along, and the last of it all that is left.
create function value_of(p_on_hand numeric, p_value bigint, p_entered_cost bigint, p_delta numeric, p_unit_cost bigint) returns numeric
language sql immutable as $$
  select case
    when p_delta > 0 and p_unit_cost is not null then cents_of(p_delta, p_unit_cost, 1)
    when p_delta > 0 and p_on_hand = 0 then cents_of(p_delta, coalesce(p_entered_cost, 0), 1)
    when p_on_hand + p_delta = 0 then -p_value
    when p_on_hand = 0 then 0
    else cents_of(p_delta, p_value, p_on_hand)
  end
$$;

-- The hash of a ledger row over its content and the hash of the part's row before it: whoever changes a row, or takes one
-- out, breaks the chain from there on.
create function movement_digest(p_previous bytea, m movement) returns bytea language sql immutable as $$
  select sha256(p_previous || convert_to(jsonb_build_array(
    m.id, m.organization_id, m.kind, m.part_id, m.location_id, m.qty_delta, m.on_hand, m.expected, m.value, m.total_value,
    m.unit_cost, m.transfer_id, m.reverses_id, m.external_id, m.reference, m.reference_line, m.reason_code, m.cost_center,
    m.work_order, m.note, m.api_key_id, m.person_id,
    (extract(epoch from m.occurred_at) * 1000)::bigint, (extract(epoch from m.created_at) * 1000)::bigint)::text, 'UTF8'))
$$;

create function movement_event(p part, m movement) returns event language sql volatile as $$
  select new_event(m.organization_id, 'stock.movement.created',
    json_build_object('partId', p.id, 'sku', p.sku, 'locationId', m.location_id, 'qtyDelta', trim_scale(m.qty_delta),
      'kind', m.kind, 'onHand', trim_scale(m.on_hand), 'unit', p.unit),
    m.created_at, m.id, m.api_key_id)
$$;

-- Of a total that crosses its part's reorder point, down or up.
create function crossing_event(p part, m movement) returns event language sql volatile as $$
  select new_event(m.organization_id, case when m.on_hand <= p.reorder_point then 'stock.low' else 'stock.recovered' end,
    json_build_object('partId', p.id, 'sku', p.sku, 'onHand', trim_scale(m.on_hand),
      'reorderPoint', trim_scale(p.reorder_point), 'unit', p.unit),
    m.created_at, m.id, m.api_key_id)
$$;

create function location_low_event(p part, p_level numeric, p_minimum numeric, m movement) returns event language sql volatile as $$
  select new_event(m.organization_id, 'stock.location_low',
    json_build_object('partId', p.id, 'sku', p.sku, 'locationId', m.location_id, 'onHand', trim_scale(p_level),
      'minimum', trim_scale(p_minimum), 'unit', p.unit),
    m.created_at, m.id, m.api_key_id)
$$;

-- What settling some movements comes to, before any of it is written.
create type settled_movements as (
  outcomes movement_outcome[], refused boolean, -- one for each item, in order; whether any was refused
  rows movement[], levels stock_level[], -- ledger rows in order, and for each what its level is after it
  parts part[], events event[]
);

-- One number for a location and the place of a part among those of the request: location ids stay below 2^40.
create function level_key(p_part integer, p_location_id bigint) returns bigint language sql immutable as $$
  select (p_part::bigint << 40) + p_location_id
$$;

-- Locks the parts and goes through the items one by one, each seeing what those before it left. Takes movement ids, but
-- writes nothing. What the items need is read for all of them at once and kept in sorted arrays, where `width_bucket`
-- finds it. Statements and expressions are few: each is made ready anew in every transaction, which is most of what a single
-- movement costs.
create function settle_movements(p_organization_id bigint, p_api_key_id bigint, p_items jsonb, p_person_id bigint) returns settled_movements
language plpgsql as $$
declare
  c_max constant numeric := 999999999.999999;
  c_max_cents constant numeric := 9007199254740991; -- what a JSON number holds exactly
  v_outcomes movement_outcome[] := '{}'; v_refused boolean := false; v_rows movement[]; v_levels stock_level[]; v_parts part[]; v_events event[];
  v_items resolved_item[];
  v_part_ids bigint[]; v_level_keys bigint[]; v_external_ids text[]; v_reversed_ids bigint[]; -- each once, sorted
  v_on_hand numeric[]; v_minimums numeric[]; v_external_rows bigint[]; v_reversing bigint[]; -- what there is of each, as the items leave it
  i resolved_item; m movement; p part; v_part integer; v_at integer; v_to_at integer; v_external integer; v_reversed integer;
  v_before numeric; v_to_before numeric; v_delta numeric; v_total numeric; v_value numeric; v_existing_id bigint;
  v_refusal text; v_now timestamptz(3);
begin
  select coalesce(array_agg(x order by x.n), '{}'), array_agg(distinct x.part_id) filter (where x.refusal is null),
    array_agg(distinct x.external_id) filter (where x.external_id is not null),
    array_agg(distinct x.reverses) filter (where x.reverses is not null)
  into v_items, v_part_ids, v_external_ids, v_reversed_ids from resolve_items(p_organization_id, p_items) x;

  -- A part's row is the lock of all its levels: whoever holds it is alone with this part's stock. In the order of their
  -- ids, so that two who need the same parts never wait for each other.
  v_parts := array(
    select q.locked from unnest(v_part_ids) u (part_id)
    cross join lateral (select x as locked from part x where x.id = u.part_id for no key update) q);
  perform announce_movements(); -- before the instant: see is_past_settled
  v_now := clock_timestamp();

  select array_agg(d.key), array_agg(coalesce((select on_hand from stock_level l
      where l.organization_id = p_organization_id and l.part_id = d.part_id and l.location_id = d.location_id), 0)),
    array_agg((select minimum from stock_minimum l
      where l.organization_id = p_organization_id and l.part_id = d.part_id and l.location_id = d.location_id))
  into v_level_keys, v_on_hand, v_minimums
  from (
    select distinct level_key(width_bucket(x.part_id, v_part_ids), a.location_id) as key, x.part_id, a.location_id
    from unnest(v_items) x cross join lateral (values (x.location_id), (x.to_id)) a (location_id)
    where x.refusal is null and a.location_id is not null order by 1
  ) d;
  if v_external_ids is not null then
    v_external_rows := array(select (select id from movement t where t.organization_id = p_organization_id and t.external_id = e
      and (t.transfer_id is null or t.transfer_id = t.id)) from unnest(v_external_ids) e); -- said, so that the unique index serves
  end if;
  if v_reversed_ids is not null then
    v_reversing := array(select (select id from movement t where t.reverses_id = r) from unnest(v_reversed_ids) r);
  end if;

  foreach i in array coalesce(v_items, '{}') loop
    if i.refusal is not null then
      v_refused := true;
      v_outcomes := array_append(v_outcomes, row(i.refusal, i.refused_ref, null, null, null, null, null, null, null)::movement_outcome);
      continue;
    end if;
    v_part := width_bucket(i.part_id, v_part_ids);
    p := v_parts[v_part];
    v_at := width_bucket(level_key(v_part, i.location_id), v_level_keys);
    v_before := v_on_hand[v_at];
    v_to_before := null;
    if i.to_id is not null then
      v_to_at := width_bucket(level_key(v_part, i.to_id), v_level_keys);
      v_to_before := v_on_hand[v_to_at];
    end if;
    v_delta := case
      when i.reverses is not null then -i.original_delta
      when i.kind in ('consume', 'transfer') then -i.quantity
      when i.kind = 'count' then i.quantity - v_before
      else i.quantity
    end;
    v_total := p.on_hand + case when i.to_id is null then v_delta else 0 end;
    v_value := case
      when i.to_id is not null and i.reverses is not null then -i.original_value
      when i.to_id is not null then -cents_of(i.quantity, p.value, greatest(p.on_hand, i.quantity))
      when v_total = 0 then -p.value
      when i.reverses is not null then greatest(-i.original_value, -p.value)
      else value_of(p.on_hand, p.value, p.unit_cost, v_delta, i.unit_cost)
    end;
    v_existing_id := null;
    if i.external_id is not null then
      v_external := width_bucket(i.external_id, v_external_ids);
      v_existing_id := v_external_rows[v_external];
    end if;
    v_refusal := case
      when v_existing_id is not null then 'external_id_taken'
      when v_reversing[width_bucket(i.reverses, v_reversed_ids)] is not null then 'already_reversed'
      when p.archived_at is not null then 'archived'
      when i.expected_on_hand <> v_before then 'unexpected_on_hand'
      when v_before + v_delta < 0 or v_to_before - v_delta < 0 then 'insufficient_stock'
      when greatest(v_before + v_delta, v_total, v_to_before - v_delta) > c_max then 'too_much'
      when p.value + v_value > c_max_cents or abs(v_value) > c_max_cents then 'too_valuable'
    end;
    if v_refusal is not null then
      v_refused := true;
      v_outcomes := array_append(v_outcomes, row(v_refusal, null,
        case v_refusal
          when 'unexpected_on_hand' then trim_scale(v_before)
          when 'insufficient_stock' then trim_scale(case when v_before + v_delta < 0 then v_before else v_to_before end)
        end,
        coalesce(v_existing_id, v_reversing[width_bucket(i.reverses, v_reversed_ids)]),
        null, null, p.sku, null, p.unit)::movement_outcome);
      continue;
    end if;

    m := row(nextval('movement_id_seq'), p_organization_id, i.kind, p.id, i.location_id, v_delta, v_total,
      case i.kind when 'count' then v_before end, v_value, p.value + case when i.to_id is null then v_value else 0 end,
      i.unit_cost, null, i.reverses, i.external_id, i.reference, i.reference_line, i.reason_code, i.cost_center, i.work_order,
      i.note, p_api_key_id, p_person_id, coalesce(i.occurred_at, v_now), v_now, '')::movement;
    v_outcomes := array_append(v_outcomes, row(null, null, null, null, m.id, p.id, p.sku, trim_scale(v_total), p.unit)::movement_outcome);
    if i.external_id is not null then v_external_rows[v_external] := m.id; end if;
    if i.reverses is not null then v_reversing[width_bucket(i.reverses, v_reversed_ids)] := m.id; end if;
    if i.to_id is not null then m.transfer_id := m.id; end if;
    loop
      m.hash := movement_digest(p.ledger_hash, m);
      p.ledger_hash := m.hash;
      v_rows := array_append(v_rows, m);
      v_on_hand[v_at] := v_before + m.qty_delta;
      v_levels := array_append(v_levels, row(p_organization_id, p.id, m.location_id, v_on_hand[v_at])::stock_level);
      v_events := array_append(v_events, movement_event(p, m));
      if v_on_hand[v_at] <= v_minimums[v_at] and v_before > v_minimums[v_at] then
        v_events := array_append(v_events, location_low_event(p, v_on_hand[v_at], v_minimums[v_at], m));
      end if;
      exit when i.to_id is null or m.location_id = i.to_id;
      -- Where a transfer goes.
      m.id := nextval('movement_id_seq');
      m.location_id := i.to_id;
      m.qty_delta := -v_delta;
      m.value := -v_value;
      m.reverses_id := i.reverses_second;
      v_at := v_to_at;
      v_before := v_to_before;
    end loop;
    if i.to_id is null and (p.on_hand > p.reorder_point) <> (v_total > p.reorder_point) then
      v_events := array_append(v_events, crossing_event(p, m));
    end if;
    p.on_hand := v_total;
    p.value := m.total_value;
    v_parts[v_part] := p;
  end loop;
  return row(v_outcomes, v_refused, v_rows, v_levels, v_parts, v_events);
end $$;

-- Writes what was settled. Answers how many deliveries now wait for the dispatcher.
create function write_movements(s settled_movements) returns integer language plpgsql as $$
begin
  -- In this order two that bring the same external ids wait for each other without a deadlock.
  insert into movement select * from unnest(s.rows) order by external_id, id;
  insert into stock_level
  select distinct on (part_id, location_id) organization_id, part_id, location_id, on_hand
  from unnest(s.levels) with ordinality l (organization_id, part_id, location_id, on_hand, n) order by part_id, location_id, n desc
  on conflict (organization_id, part_id, location_id) do update set on_hand = excluded.on_hand;
  update part p set on_hand = q.on_hand, value = q.value, ledger_hash = q.ledger_hash
  from unnest(s.parts) q where p.id = q.id and p.ledger_hash <> q.ledger_hash;
  return emit_events(s.events);
end $$;

-- Records the items, all or, unless `p_atomic`, each that can be; a dry run only says what would come of them. Plans are kept
-- as they are: an array's length would have them made anew each time, and one made while a table was empty would read it
-- whole when it no longer is.
create function record_movements(
  p_organization_id bigint, p_api_key_id bigint, p_items jsonb, p_atomic boolean, p_dry_run boolean, p_person_id bigint default null,
  out outcomes json, out refused boolean, out deliveries integer
) language plpgsql set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare s settled_movements;
begin
  s := settle_movements(p_organization_id, p_api_key_id, p_items, p_person_id);
  outcomes := to_json(s.outcomes);
  deliveries := 0;
  refused := p_atomic and s.refused;
  if p_dry_run or refused then return; end if;
  deliveries := write_movements(s);
end $$;
