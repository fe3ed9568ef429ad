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

-- A reference is a folded name (and, when it is all digits, the id it may stand for), an id, or both, which must agree.
create type stock_ref as (id bigint, refusal text);

create function settle_ref(p_key text, p_named bigint, p_id bigint, p_found bigint) returns stock_ref language sql immutable as $$
  select coalesce(p_found, p_named), case
    when p_key is not null and p_named is null then 'unknown_name'
    when p_id is not null and p_found is null then 'unknown_id'
    when p_named <> p_found then 'disagree'
  end
$$;

create function find_part_ref(p_organization_id bigint, p_key text, p_digits bigint, p_id bigint) returns stock_ref
language sql stable as $$
  select settle_ref(
    p_key,
    coalesce(
      (select id from part where organization_id = p_organization_id and sku_key = p_key),
      (select id from part where organization_id = p_organization_id and id = p_digits)
    ),
    p_id,
    (select id from part where organization_id = p_organization_id and id = p_id)
  )
$$;

create function find_location_ref(p_organization_id bigint, p_key text, p_digits bigint, p_id bigint) returns stock_ref
language sql stable as $$
  select settle_ref(
    p_key,
    coalesce(
      (select id from location where organization_id = p_organization_id and name_key = p_key),
      (select id from location where organization_id = p_organization_id and id = p_digits)
    ),
    p_id,
    (select id from location where organization_id = p_organization_id and id = p_id)
  )
$$;

-- An item with the ids that its references stand for. What reverses a movement takes place where that one did.
create type resolved_item as (i movement_item, refusal text, refused_ref text);

create function resolve_item(p_organization_id bigint, i movement_item) returns resolved_item language plpgsql stable as $$
declare
  r resolved_item;
  o movement;
begin
  if i.reverses is not null then
    -- Either row of a transfer stands for both: the first one is meant.
    select * into o from movement where organization_id = p_organization_id and id =
      (select coalesce(transfer_id, id) from movement where organization_id = p_organization_id and id = i.reverses);
    if not found then r.refusal := 'unknown_movement'; return r; end if;
  end if;

  if o.id is null or i.part_key is not null or i.part_id is not null then
    r.refused_ref := 'part';
    select f.id, f.refusal into i.part_id, r.refusal from find_part_ref(p_organization_id, i.part_key, i.part_digits, i.part_id) f;
    if r.refusal is not null then return r; end if;
  end if;
  if o.id is null or i.location_key is not null or i.location_id is not null then
    r.refused_ref := 'location';
    select f.id, f.refusal into i.location_id, r.refusal from find_location_ref(p_organization_id, i.location_key, i.location_digits, i.location_id) f;
    if r.refusal is not null then return r; end if;
  end if;
  if i.kind = 'transfer' then
    r.refused_ref := 'to';
    select f.id, f.refusal into i.to_id, r.refusal from find_location_ref(p_organization_id, i.to_key, i.to_digits, i.to_id) f;
    if r.refusal is null and i.to_id = i.location_id then r.refusal := 'same_location'; end if;
    if r.refusal is not null then return r; end if;
  end if;

  if o.id is not null then
    select location_id into i.to_id from movement where o.transfer_id is not null and transfer_id = o.transfer_id and id <> o.id;
    if i.part_id <> o.part_id or (i.location_id <> o.location_id and i.location_id is distinct from i.to_id) then
      r.refusal := 'reverses_another';
      return r;
    end if;
    i.reverses := o.id;
    i.part_id := o.part_id;
    i.location_id := o.location_id;
  end if;
  r.refused_ref := null;
  r.i := i;
  return r;
end $$;

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
create function value_of(p part, p_delta numeric, p_unit_cost bigint) returns numeric language sql immutable as $$
  select case
    when p_delta > 0 and p_unit_cost is not null then cents_of(p_delta, p_unit_cost, 1)
    when p_delta > 0 and p.on_hand = 0 then cents_of(p_delta, coalesce(p.unit_cost, 0), 1)
    when p.on_hand + p_delta = 0 then -p.value
    when p.on_hand = 0 then 0
    else cents_of(p_delta, p.value, p.on_hand)
  end
$$;

-- The hash of a ledger row over its content and the hash of the part's row before it: whoever changes a row, or takes one
-- out, breaks the chain from there on.
create function movement_digest(p_previous bytea, m movement) returns bytea language sql immutable as $$
  select sha256(p_previous || convert_to(jsonb_build_array(
    m.id, m.organization_id, m.kind, m.part_id, m.location_id, m.qty_delta, m.on_hand, m.expected, m.value, m.total_value,
    m.unit_cost, m.transfer_id, m.reverses_id, m.external_id, m.reference, m.reference_line, m.reason_code, m.cost_center,
    m.work_order, m.note, m.api_key_id,
    (extract(epoch from m.occurred_at) * 1000)::bigint, (extract(epoch from m.created_at) * 1000)::bigint)::text, 'UTF8'))
$$;

create function movement_event(p part, m movement) returns event language sql volatile as $$
  select new_event(m.organization_id, 'stock.movement.created',
    json_build_object('partId', p.id, 'sku', p.sku, 'locationId', m.location_id, 'qtyDelta', trim_scale(m.qty_delta),
      'kind', m.kind, 'onHand', trim_scale(m.on_hand), 'unit', p.unit),
    m.created_at, m.id, m.api_key_id)
$$;

-- The event of a total that crosses its part's reorder point, down or up; null when it does not.
create function crossing_event(p part, p_before numeric, m movement) returns event language sql volatile as $$
  select new_event(m.organization_id, case when m.on_hand <= p.reorder_point then 'stock.low' else 'stock.recovered' end,
    json_build_object('partId', p.id, 'sku', p.sku, 'onHand', trim_scale(m.on_hand),
      'reorderPoint', trim_scale(p.reorder_point), 'unit', p.unit),
    m.created_at, m.id, m.api_key_id)
  where (p_before > p.reorder_point) <> (m.on_hand > p.reorder_point)
$$;

create function location_low_event(p part, p_level numeric, p_minimum numeric, m movement) returns event language sql volatile as $$
  select new_event(m.organization_id, 'stock.location_low',
    json_build_object('partId', p.id, 'sku', p.sku, 'locationId', m.location_id, 'onHand', trim_scale(p_level),
      'minimum', trim_scale(p_minimum), 'unit', p.unit),
    m.created_at, m.id, m.api_key_id)
  where p_level <= p_minimum and p_level - m.qty_delta > p_minimum
$$;

-- What settling some movements comes to, before any of it is written.
create type settled_movements as (
  outcomes movement_outcome[], -- one for each item, in order
  rows movement[], parts part[], levels stock_level[], events event[]
);

-- Locks the parts and goes through the items one by one, each seeing what those before it left. Takes movement ids, but
-- writes nothing.
create function settle_movements(p_organization_id bigint, p_api_key_id bigint, p_items jsonb) returns settled_movements
language plpgsql as $$
declare
  c_max constant numeric := 999999999.999999;
  c_max_cents constant numeric := 9007199254740991; -- what a JSON number holds exactly
  v_outcomes movement_outcome[] := '{}'; v_rows movement[] := '{}'; v_parts part[] := '{}'; v_levels stock_level[] := '{}'; v_events event[] := '{}';
  v_item jsonb; v_items resolved_item[] := '{}'; v_id bigint;
  i movement_item; r resolved_item; o movement_outcome; m movement; p part;
  v_part_ids bigint[] := '{}'; v_level_keys text[] := '{}'; v_minimums numeric[] := '{}';
  v_external_ids text[] := '{}'; v_external_rows bigint[] := '{}'; v_reversed bigint[] := '{}'; v_reversing bigint[] := '{}';
  v_moved boolean[] := '{}';
  v_n integer; v_part integer; v_leg integer; v_legs integer; v_at integer[]; v_key text; v_location_id bigint;
  v_level stock_level; v_minimum numeric; v_delta numeric; v_before numeric; v_total numeric; v_value numeric;
  v_original movement[]; v_now timestamptz(3);
begin
  for v_item in select e from jsonb_array_elements(p_items) e loop
    r := resolve_item(p_organization_id, jsonb_populate_record(null::movement_item, v_item));
    v_items := array_append(v_items, r);
    if r.refusal is null then v_part_ids := array_append(v_part_ids, (r.i).part_id); end if;
  end loop;

  -- A part's row is the lock of all its levels: whoever holds it is alone with this part's stock. In the order of their
  -- ids, so that two who need the same parts never wait for each other.
  v_part_ids := array(select distinct id from unnest(v_part_ids) id order by id);
  foreach v_id in array v_part_ids loop
    select * into p from part where id = v_id for no key update;
    v_parts := array_append(v_parts, p);
  end loop;
  v_now := clock_timestamp();
  perform announce_movements();

  for v_n in 1 .. cardinality(v_items) loop
    r := v_items[v_n];
    i := r.i;
    o := null;
    o.refusal := r.refusal;
    o.refused_ref := r.refused_ref;
    if o.refusal is null then
      v_part := array_position(v_part_ids, i.part_id);
      p := v_parts[v_part];

      -- Where stock changes: at one location, or at two. Levels are read once and kept.
      v_legs := case when i.to_id is null then 1 else 2 end;
      v_at := '{}';
      for v_leg in 1 .. v_legs loop
        v_location_id := case v_leg when 1 then i.location_id else i.to_id end;
        v_key := i.part_id || '/' || v_location_id;
        v_at[v_leg] := array_position(v_level_keys, v_key);
        if v_at[v_leg] is null then
          v_level := (p_organization_id, i.part_id, v_location_id, coalesce((select on_hand from stock_level
            where organization_id = p_organization_id and part_id = i.part_id and location_id = v_location_id), 0));
          v_levels := array_append(v_levels, v_level);
          v_level_keys := array_append(v_level_keys, v_key);
          v_moved := array_append(v_moved, false);
          v_minimums := array_append(v_minimums, (select minimum from stock_minimum
            where organization_id = p_organization_id and part_id = i.part_id and location_id = v_location_id));
          v_at[v_leg] := cardinality(v_level_keys);
        end if;
      end loop;
      v_level := v_levels[v_at[1]];
      v_before := v_level.on_hand;

      v_original := null;
      if i.reverses is not null then
        select array_agg(x order by x.id) into v_original from movement x
          where organization_id = p_organization_id and (id = i.reverses or transfer_id = i.reverses);
      end if;
      v_delta := case
        when i.reverses is not null then -v_original[1].qty_delta
        when i.kind in ('consume', 'transfer') then -i.quantity
        when i.kind = 'count' then i.quantity - v_before
        else i.quantity
      end;
      v_total := p.on_hand + case v_legs when 1 then v_delta else 0 end;
      v_value := case
        when v_legs = 2 and v_original is not null then -v_original[1].value
        when v_legs = 2 then -cents_of(i.quantity, p.value, greatest(p.on_hand, i.quantity))
        when v_total = 0 then -p.value
        when v_original is not null then greatest(-v_original[1].value, -p.value)
        else value_of(p, v_delta, i.unit_cost)
      end;

      o.existing_id := case
        when i.external_id is not null then coalesce(
          v_external_rows[array_position(v_external_ids, i.external_id)],
          (select id from movement where organization_id = p_organization_id and external_id = i.external_id
             and (transfer_id is null or transfer_id = id))) -- said, so that the unique index serves
      end;
      if o.existing_id is not null then o.refusal := 'external_id_taken';
      elsif i.reverses is not null then
        o.existing_id := coalesce(
          v_reversing[array_position(v_reversed, i.reverses)], (select id from movement where reverses_id = i.reverses));
        if o.existing_id is not null then o.refusal := 'already_reversed'; end if;
      end if;
      if o.refusal is not null then null;
      elsif p.archived_at is not null then o.refusal := 'archived';
      elsif i.expected_on_hand <> v_before then
        o.refusal := 'unexpected_on_hand';
        o.available := trim_scale(v_before);
      elsif v_before + v_delta < 0 then
        o.refusal := 'insufficient_stock';
        o.available := trim_scale(v_before);
      elsif v_legs = 2 and v_levels[v_at[2]].on_hand - v_delta < 0 then
        o.refusal := 'insufficient_stock';
        o.available := trim_scale(v_levels[v_at[2]].on_hand);
      elsif v_before + v_delta > c_max or v_total > c_max or (v_legs = 2 and v_levels[v_at[2]].on_hand - v_delta > c_max) then
        o.refusal := 'too_much';
      elsif p.value + v_value > c_max_cents or abs(v_value) > c_max_cents then o.refusal := 'too_valuable';
      end if;
      o.sku := p.sku;
      o.unit := p.unit;

      if o.refusal is null then
        v_before := p.on_hand;
        o.movement_id := nextval('movement_id_seq');
        for v_leg in 1 .. v_legs loop
          v_level := v_levels[v_at[v_leg]];
          m := null;
          m.id := case v_leg when 1 then o.movement_id else nextval('movement_id_seq') end;
          m.organization_id := p_organization_id;
          m.kind := i.kind;
          m.part_id := p.id;
          m.location_id := v_level.location_id;
          m.qty_delta := case v_leg when 1 then v_delta else -v_delta end;
          m.on_hand := v_total;
          m.expected := case i.kind when 'count' then v_level.on_hand end;
          m.value := case v_leg when 1 then v_value else -v_value end;
          m.total_value := p.value + case v_legs when 1 then v_value else 0 end;
          m.unit_cost := i.unit_cost;
          m.transfer_id := case v_legs when 2 then o.movement_id end;
          m.reverses_id := v_original[v_leg].id;
          m.external_id := i.external_id;
          m.reference := i.reference;
          m.reference_line := i.reference_line;
          m.reason_code := i.reason_code;
          m.cost_center := i.cost_center;
          m.work_order := i.work_order;
          m.note := i.note;
          m.api_key_id := p_api_key_id;
          m.occurred_at := coalesce(i.occurred_at, v_now);
          m.created_at := v_now;
          m.hash := movement_digest(p.ledger_hash, m);
          p.ledger_hash := m.hash;
          v_rows := array_append(v_rows, m);
          v_level.on_hand := v_level.on_hand + m.qty_delta;
          v_levels[v_at[v_leg]] := v_level;
          v_moved[v_at[v_leg]] := true;

          v_events := array_append(v_events, movement_event(p, m));
          if v_minimums[v_at[v_leg]] is not null then
            v_events := v_events || (select array_agg(e) from location_low_event(p, v_level.on_hand, v_minimums[v_at[v_leg]], m) e where e.id is not null);
          end if;
        end loop;
        p.on_hand := v_total;
        p.value := m.total_value;
        v_parts[v_part] := p;
        if v_legs = 1 and p.reorder_point is not null then
          v_events := v_events || (select array_agg(e) from crossing_event(p, v_before, m) e where e.id is not null);
        end if;
        if i.external_id is not null then
          v_external_ids := array_append(v_external_ids, i.external_id);
          v_external_rows := array_append(v_external_rows, o.movement_id);
        end if;
        if i.reverses is not null then
          v_reversed := array_append(v_reversed, i.reverses);
          v_reversing := array_append(v_reversing, o.movement_id);
        end if;
        o.part_id := p.id;
        o.on_hand := trim_scale(v_total);
      end if;
    end if;
    v_outcomes := array_append(v_outcomes, o);
  end loop;
  -- What was only looked at by an item that was refused is no level.
  v_levels := array(select l from unnest(v_levels, v_moved) with ordinality x (organization_id, part_id, location_id, on_hand, moved, n),
    lateral (select row(x.organization_id, x.part_id, x.location_id, x.on_hand)::stock_level) y (l) where moved order by n);
  return row(v_outcomes, v_rows, v_parts, v_levels, v_events);
end $$;

-- Writes what was settled. Answers how many deliveries now wait for the dispatcher.
create function write_movements(s settled_movements) returns integer
language plpgsql set plan_cache_mode = force_generic_plan as $$
declare p part;
begin
  -- In this order two that bring the same external ids wait for each other without a deadlock.
  insert into movement select * from unnest(s.rows) order by external_id, id;
  insert into stock_level select * from unnest(s.levels)
  on conflict (organization_id, part_id, location_id) do update set on_hand = excluded.on_hand;
  foreach p in array s.parts loop
    update part set on_hand = p.on_hand, value = p.value, ledger_hash = p.ledger_hash where id = p.id;
  end loop;
  return emit_events(s.events);
end $$;

-- Records the items, all or, unless `p_atomic`, each that can be; a dry run only says what would come of them.
create function record_movements(
  p_organization_id bigint, p_api_key_id bigint, p_items jsonb, p_atomic boolean, p_dry_run boolean,
  out outcomes json, out refused boolean, out deliveries integer
) language plpgsql as $$
declare s settled_movements;
begin
  s := settle_movements(p_organization_id, p_api_key_id, p_items);
  outcomes := to_json(s.outcomes);
  deliveries := 0;
  refused := p_atomic and exists (select from unnest(s.outcomes) o where o.refusal is not null);
  if p_dry_run or refused then return; end if;
  deliveries := write_movements(s);
end $$;
