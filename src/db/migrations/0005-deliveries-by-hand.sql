create index delivery_by_organization on delivery (organization_id, id);
create index delivery_by_endpoint on delivery (organization_id, endpoint_id, id);

-- A real event of type webhook.test for one endpoint, whatever it subscribes to.
create function emit_test_event(p_organization_id bigint, p_endpoint_id bigint, p_api_key_id bigint, out event_id uuid, out delivery_id bigint)
language plpgsql as $$
declare v_now timestamptz(3) := clock_timestamp();
begin
  event_id := uuid_v7();
  insert into event (id, organization_id, type, data, api_key_id, created_at)
  values (event_id, p_organization_id, 'webhook.test', '{"test":true,"message":"A test event, sent by hand."}', p_api_key_id, v_now);
  insert into delivery (organization_id, endpoint_id, event_id, due_at, created_at)
  values (p_organization_id, p_endpoint_id, event_id, v_now, v_now) returning id into delivery_id;
end $$;

-- An ended delivery starts over: a new run of its whole schedule, from now.
create function restart_delivery(p_delivery_id bigint) returns void language sql as $$
  update delivery set status = 'pending', redelivery = redelivery + 1, attempts_made = 0, due_at = clock_timestamp(),
    awaits_turn = false, is_moved_up = false,
    dispatched_at = null, start_lease_until = null, last_failure = null, ended_at = null
  where id = p_delivery_id and ended_at is not null
$$;
