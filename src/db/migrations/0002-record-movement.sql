-- One movement, whole, in one call: references, locks, checks, ledger rows, levels, events and deliveries.
-- A refusal answers `refusal` and has written nothing: every check stands before the first write.
create type movement_result as (
  refusal text,      -- null when recorded
  refused_ref text,  -- which reference: part, location (transfer: from) or to
  available numeric, -- insufficient_stock: what is there
  movement_id bigint, part_id bigint, sku text, on_hand numeric, unit text, deliveries integer
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

-- One ledger row, its level, and its event. `p_total` is the part's total after the movement.
create function write_ledger_row(
  p_part part, p_location_id bigint, p_kind text, p_delta numeric, p_total numeric,
  p_unit_cost bigint, p_transfer_id bigint, p_note text, p_api_key_id bigint, p_now timestamptz,
  inout p_movement_id bigint, out deliveries integer
) language plpgsql as $$
begin
  insert into movement (id, organization_id, kind, part_id, location_id, qty_delta, on_hand, unit_cost, transfer_id, note, api_key_id, created_at)
  values (p_movement_id, p_part.organization_id, p_kind, p_part.id, p_location_id, p_delta, p_total, p_unit_cost, p_transfer_id, p_note, p_api_key_id, p_now);

  insert into stock_level as level (organization_id, part_id, location_id, on_hand)
  values (p_part.organization_id, p_part.id, p_location_id, greatest(p_delta, 0))
  on conflict (organization_id, part_id, location_id) do update set on_hand = level.on_hand + p_delta;

  deliveries := emit_event(p_part.organization_id, 'stock.movement.created',
    json_build_object('partId', p_part.id, 'sku', p_part.sku, 'locationId', p_location_id,
      'qtyDelta', trim_scale(p_delta), 'kind', p_kind, 'onHand', trim_scale(p_total), 'unit', p_part.unit),
    p_now, p_movement_id, p_api_key_id);
end $$;

create function record_movement(
  p_organization_id bigint, p_api_key_id bigint, p_kind text,
  p_part_key text, p_part_digits bigint, p_part_id bigint,
  p_location_key text, p_location_digits bigint, p_location_id bigint,
  p_to_key text, p_to_digits bigint, p_to_id bigint,
  p_quantity numeric, p_unit_cost bigint, p_note text
) returns movement_result language plpgsql as $$
declare
  c_max constant numeric := 999999999.999999;
  r movement_result;
  v_part part;
  v_part_id bigint; v_location_id bigint; v_to_id bigint;
  v_level numeric; v_to_level numeric; v_delta numeric; v_total numeric;
  v_now timestamptz(3); v_out_id bigint; v_deliveries integer;
begin
  r.refused_ref := 'part';
  select f.id, f.refusal into v_part_id, r.refusal from find_part_ref(p_organization_id, p_part_key, p_part_digits, p_part_id) f;
  if r.refusal is not null then return r; end if;

  r.refused_ref := 'location';
  select f.id, f.refusal into v_location_id, r.refusal from find_location_ref(p_organization_id, p_location_key, p_location_digits, p_location_id) f;
  if r.refusal is not null then return r; end if;

  if p_kind = 'transfer' then
    r.refused_ref := 'to';
    select f.id, f.refusal into v_to_id, r.refusal from find_location_ref(p_organization_id, p_to_key, p_to_digits, p_to_id) f;
    if r.refusal is not null then return r; end if;
    if v_to_id = v_location_id then r.refusal := 'same_location'; return r; end if;
  end if;
  r.refused_ref := null;

  -- The part's row is the lock of all its levels: whoever holds it is alone with this part's stock. One lock, no deadlock.
  select * into v_part from part where id = v_part_id for no key update;
  v_now := clock_timestamp();
  v_level := coalesce((select on_hand from stock_level
    where organization_id = p_organization_id and part_id = v_part_id and location_id = v_location_id), 0);

  v_delta := case p_kind
    when 'receive' then p_quantity
    when 'adjust' then p_quantity
    when 'count' then p_quantity - v_level
    else -p_quantity -- consume, and the way out of a transfer
  end;
  v_total := v_part.on_hand + case when p_kind = 'transfer' then 0 else v_delta end;

  if v_level + v_delta < 0 then
    r.refusal := 'insufficient_stock';
    r.available := trim_scale(v_level);
    r.unit := v_part.unit;
    return r;
  end if;
  if v_level + v_delta > c_max or v_total > c_max then r.refusal := 'too_much'; return r; end if;

  r.movement_id := nextval('movement_id_seq');
  if p_kind = 'transfer' then
    v_to_level := coalesce((select on_hand from stock_level
      where organization_id = p_organization_id and part_id = v_part_id and location_id = v_to_id), 0);
    if v_to_level + p_quantity > c_max then r.refusal := 'too_much'; return r; end if;

    select w.deliveries into r.deliveries from write_ledger_row(v_part, v_location_id, p_kind, v_delta, v_total,
      null, r.movement_id, p_note, p_api_key_id, v_now, r.movement_id) w;
    select w.deliveries into v_deliveries from write_ledger_row(v_part, v_to_id, p_kind, p_quantity, v_total,
      null, r.movement_id, p_note, p_api_key_id, v_now, nextval('movement_id_seq')) w;
    r.deliveries := r.deliveries + v_deliveries;
  else
    select w.deliveries into r.deliveries from write_ledger_row(v_part, v_location_id, p_kind, v_delta, v_total,
      p_unit_cost, null, p_note, p_api_key_id, v_now, r.movement_id) w;
    update part set on_hand = v_total where id = v_part_id;

    if v_part.on_hand > v_part.reorder_point and v_total <= v_part.reorder_point then
      r.deliveries := r.deliveries + emit_event(p_organization_id, 'stock.low',
        json_build_object('partId', v_part.id, 'sku', v_part.sku, 'onHand', trim_scale(v_total),
          'reorderPoint', trim_scale(v_part.reorder_point), 'unit', v_part.unit),
        v_now, r.movement_id, p_api_key_id);
    end if;
  end if;

  r.part_id := v_part.id;
  r.sku := v_part.sku;
  r.on_hand := trim_scale(v_total);
  r.unit := v_part.unit;
  return r;
end $$;
