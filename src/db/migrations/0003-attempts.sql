-- Every attempt is claim → POST → record; the delivery's row says what may happen, whatever the engine does.
-- `p_now` is null but in tests, whose clock may skip hours.

create type attempt_claim as (
  verdict text,               -- go, ended, busy, not_due, gone; of an endpoint with a limit also full (of attempts) and throttled (its turn is later)
  status text,                -- the delivery's, when ended
  retry_in_ms bigint,         -- busy, not_due, throttled
  start_in_ms bigint,         -- go: its turn, at most a second ahead
  turn_at timestamptz,        -- throttled
  max_concurrency integer, max_per_second numeric,
  attempts_made integer,
  last_failure text,
  endpoint_id bigint, url text, sealed_secret text, previous_sealed_secret text, sealed_headers text, event_id uuid, event_type text, organization_id bigint, event_created_at timestamptz,
  data json, movement_id bigint, api_key_id bigint
);

create function retry_wait(p_failures integer, p_first_wait_ms bigint) returns interval language sql immutable as $$
  select make_interval(secs => p_first_wait_ms / 1000.0 * 2 ^ (p_failures - 1))
$$;

create function ms_between(p_from timestamptz, p_to timestamptz) returns bigint language sql immutable as $$
  select ceil(extract(epoch from p_to - p_from) * 1000)::bigint
$$;

-- Writes a line of the attempt log. The log serves people: a line that cannot be written never undoes an outcome.
create function log_attempt(
  p_delivery_id bigint, p_number integer, p_trigger text, p_started_at timestamptz, p_duration_ms integer,
  p_error_class text, p_failure text, p_report jsonb
) returns void language plpgsql as $$
begin
  insert into delivery_attempt (delivery_id, endpoint_id, number, trigger, started_at, duration_ms, error_class, failure,
    dns_ms, connect_ms, tls_ms, first_byte_ms, status_code, response_headers, response_body)
  select p_delivery_id, endpoint_id, p_number, p_trigger, p_started_at, p_duration_ms, p_error_class, p_failure,
    (p_report #>> '{timings,dnsMs}')::integer, (p_report #>> '{timings,connectMs}')::integer,
    (p_report #>> '{timings,tlsMs}')::integer, (p_report #>> '{timings,firstByteMs}')::integer,
    (p_report #>> '{response,statusCode}')::integer, p_report #> '{response,headers}', p_report #>> '{response,bodyExcerpt}'
  from delivery where id = p_delivery_id;
exception when others then
  raise warning 'attempt % of delivery % was not logged: %', p_number, p_delivery_id, sqlerrm;
end $$;

-- Settles a failed attempt in a locked delivery row and releases it: the next due time, or the end when no attempt is
-- left. An attempt that someone asked for counts nothing and leaves the due time as it is.
create function count_failure(
  inout d delivery, p_failed_at timestamptz, p_failure text, p_not_before timestamptz, p_final boolean,
  p_first_wait_ms bigint, p_max_attempts integer
) language plpgsql as $$
begin
  d.attempts_logged := d.attempts_logged + 1;
  d.last_failure := p_failure;
  if d.attempt_trigger <> 'manual' then
    d.attempts_made := d.attempts_made + 1;
    d.status := 'retrying';
    d.due_at := greatest(p_failed_at + retry_wait(d.attempts_made, p_first_wait_ms), p_not_before);
  end if;
  if p_final or d.attempts_made >= p_max_attempts then
    d.status := 'failed';
    d.ended_at := p_failed_at;
  end if;
  d.attempt_started_at := null; d.attempt_token := null; d.attempt_trigger := null; d.attempt_lease_until := null;
  update delivery set attempts_made = d.attempts_made, attempts_logged = d.attempts_logged, last_failure = d.last_failure,
    attempt_started_at = null, attempt_token = null, attempt_trigger = null, attempt_lease_until = null,
    status = d.status, ended_at = d.ended_at, due_at = d.due_at
  where id = d.id;
end $$;

-- A turn this near is waited for in the worker, which starts on the millisecond; a delivery that waits in Temporal is woken
-- half of it early, for Temporal's timers are not that exact.
create function turn_hold() returns interval language sql immutable as $$ select interval '1 second' $$;

create function until_turn_ms(p_now timestamptz, p_turn_at timestamptz) returns bigint language sql immutable as $$
  select greatest(ms_between(p_now, p_turn_at - turn_hold() / 2), 1)
$$;

-- Never shorter than the exact one.
create function turn_gap(p_max_per_second numeric) returns interval language sql immutable as $$
  select coalesce(ceil(1000000 / p_max_per_second), 0) * interval '1 microsecond'
$$;

create function lock_turns(p_endpoint_id bigint) returns endpoint_turns language plpgsql as $$
declare t endpoint_turns;
begin
  loop
    select * into t from endpoint_turns where endpoint_id = p_endpoint_id for update;
    if found then return t; end if;
    insert into endpoint_turns (endpoint_id) values (p_endpoint_id) on conflict do nothing;
  end loop;
end $$;

-- Lets an attempt through its endpoint's limits, or not: `full`, or its turn is at `turn_at`, which it then keeps. Turns belong
-- to nobody: a turn spreads the waiting, and who comes takes the next start that keeps its distance from the last one. So
-- one that comes late, or never, costs the others nothing. A manual attempt goes at once, and counts.
create function take_turn(
  d delivery, e webhook_endpoint, p_trigger text, p_now timestamptz, p_attempt_ms bigint,
  out is_full boolean, out start_at timestamptz, out start_in_ms bigint, out turn_at timestamptz
) language plpgsql as $$
declare
  t endpoint_turns := lock_turns(e.id);
  v_now timestamptz := coalesce(p_now, clock_timestamp());
  v_gap interval := turn_gap(e.max_per_second);
  v_is_manual boolean := p_trigger = 'manual';
begin
  is_full := false;
  -- An attempt counts until it can no longer be under way, also when its lease has run out: PostgreSQL may have been away.
  select coalesce(array_agg(x.id), '{}') into t.under_way from delivery x
  where x.id = any (t.under_way) and x.id <> d.id and x.attempt_token is not null
    and x.attempt_started_at > v_now - make_interval(secs => p_attempt_ms / 1000.0);
  if not v_is_manual and cardinality(t.under_way) >= e.max_concurrency then
    is_full := true;
    return;
  end if;

  start_at := case when v_is_manual then v_now else greatest(v_now, t.last_start_at + v_gap) end;
  if not v_is_manual and e.max_per_second is not null
    and (start_at > v_now + turn_hold() or not d.awaits_turn and t.next_turn_at > v_now + turn_hold()) then
    turn_at := greatest(start_at, t.next_turn_at);
    start_at := null;
    update endpoint_turns set next_turn_at = turn_at + v_gap where endpoint_id = e.id;
    update delivery set due_at = turn_at, awaits_turn = true where id = d.id;
    return;
  end if;
  start_in_ms := ms_between(v_now, start_at);
  update endpoint_turns set under_way = t.under_way || d.id,
    last_start_at = greatest(start_at, last_start_at + case when v_is_manual then v_gap else '0' end)
  where endpoint_id = e.id;
end $$;

-- A delivery that is due and finds no room gets a turn at the end of the queue. Answers when it is due now.
create function await_turn(
  p_delivery_id bigint, p_now timestamptz, p_min_wait_ms integer, p_spacing_ms integer,
  out turn_at timestamptz, out retry_in_ms bigint, out attempts_made integer, out max_concurrency integer
) language plpgsql as $$
declare
  d delivery;
  t endpoint_turns;
  v_gap interval;
  v_now timestamptz;
begin
  select * into d from delivery where id = p_delivery_id for update;
  turn_at := d.due_at;
  attempts_made := d.attempts_made;
  select e.max_concurrency, turn_gap(e.max_per_second) into max_concurrency, v_gap from webhook_endpoint e where e.id = d.endpoint_id;
  v_now := coalesce(p_now, clock_timestamp());
  if d.ended_at is null and d.attempt_token is null and d.due_at <= v_now + turn_hold() then
    t := lock_turns(d.endpoint_id);
    v_now := coalesce(p_now, clock_timestamp());
    turn_at := greatest(t.next_turn_at, v_now + make_interval(secs => p_min_wait_ms / 1000.0));
    update endpoint_turns set next_turn_at = turn_at + greatest(v_gap, make_interval(secs => p_spacing_ms / 1000.0))
    where endpoint_id = d.endpoint_id;
    update delivery set due_at = turn_at, awaits_turn = true where id = d.id;
  end if;
  retry_in_ms := until_turn_ms(v_now, turn_at);
end $$;

-- After a limit was changed or cleared: those that wait for their turn get one anew, in their order, and the dispatcher asks
-- for those whose turn is now earlier than Temporal knows.
create function respace_turns(p_endpoint_id bigint) returns void language plpgsql as $$
declare
  t endpoint_turns;
  v_gap interval;
  v_first timestamptz;
  v_ids bigint[];
begin
  -- The deliveries first, as everywhere; by id, for two may do this at once.
  select array_agg(q.id order by q.due_at, q.id) into v_ids from (
    select id, due_at from delivery where endpoint_id = p_endpoint_id and awaits_turn and ended_at is null order by id for update
  ) q;
  t := lock_turns(p_endpoint_id);
  select turn_gap(max_per_second) into v_gap from webhook_endpoint where id = p_endpoint_id;
  v_first := greatest(clock_timestamp(), t.last_start_at + v_gap);
  update delivery d set due_at = v_first + (q.n - 1) * v_gap, is_moved_up = true
  from unnest(v_ids) with ordinality q (id, n) where d.id = q.id;
  update endpoint_turns set next_turn_at = v_first + coalesce(cardinality(v_ids), 0) * v_gap where endpoint_id = p_endpoint_id;
end $$;

create function claim_attempt(
  p_delivery_id bigint, p_token uuid, p_trigger text, p_now timestamptz,
  p_lease_ms bigint, p_interrupted_after_ms bigint, p_first_wait_ms bigint, p_max_attempts integer
) returns attempt_claim language plpgsql as $$
declare
  r attempt_claim;
  d delivery;
  e webhook_endpoint;
  v_now timestamptz(3);
  v_failed_at timestamptz(3);
  v_start_at timestamptz;
  v_is_limited boolean;
begin
  select * into d from delivery where id = p_delivery_id for update;
  v_now := coalesce(p_now, clock_timestamp());
  if not found then r.verdict := 'gone'; return r; end if;
  select * into e from webhook_endpoint where id = d.endpoint_id;

  if d.ended_at is null and e.disabled_at is not null and d.attempt_token is null then
    d.status := 'endpoint_disabled';
    d.ended_at := v_now;
    update delivery set status = d.status, ended_at = d.ended_at where id = d.id;
  end if;

  if d.ended_at is null and d.attempt_token is not null then
    if d.attempt_lease_until > v_now then
      r.verdict := 'busy';
      r.retry_in_ms := ms_between(v_now, d.attempt_lease_until);
      r.attempts_made := d.attempts_made;
      return r;
    end if;
    -- Its worker is gone. The instant attempt is repeated as the same one; any other counts as failed.
    if not (p_trigger = 'instant' and d.attempt_trigger = 'instant') then
      v_failed_at := d.attempt_started_at + make_interval(secs => p_interrupted_after_ms / 1000.0);
      perform log_attempt(d.id, d.attempts_logged + 1, d.attempt_trigger, d.attempt_started_at, p_interrupted_after_ms::integer,
        'interrupted', 'interrupted: its worker stopped', null);
      d := count_failure(d, v_failed_at, 'interrupted: its worker stopped', null, false, p_first_wait_ms, p_max_attempts);
    end if;
  end if;

  r.attempts_made := d.attempts_made;
  r.last_failure := d.last_failure;
  if d.ended_at is not null then r.verdict := 'ended'; r.status := d.status; return r; end if;
  v_is_limited := e.max_concurrency is not null or e.max_per_second is not null;
  r.max_concurrency := e.max_concurrency;
  r.max_per_second := e.max_per_second;
  r.endpoint_id := e.id;
  if p_trigger <> 'manual' and d.awaits_turn and v_is_limited and d.due_at > v_now + turn_hold() then
    r.verdict := 'throttled';
    r.turn_at := d.due_at;
    r.retry_in_ms := until_turn_ms(v_now, d.due_at);
    return r;
  end if;
  if p_trigger <> 'manual' and not d.awaits_turn and d.due_at > v_now then
    r.verdict := 'not_due';
    r.retry_in_ms := ms_between(v_now, d.due_at);
    return r;
  end if;

  v_start_at := v_now;
  if v_is_limited then
    select t.start_at, t.start_in_ms, t.turn_at, case when t.is_full then 'full' when t.turn_at is not null then 'throttled' end
      into v_start_at, r.start_in_ms, r.turn_at, r.verdict
      from take_turn(d, e, p_trigger, p_now, p_interrupted_after_ms) t;
    if r.turn_at is not null then r.retry_in_ms := until_turn_ms(coalesce(p_now, clock_timestamp()), r.turn_at); end if;
    if r.verdict is not null then return r; end if;
  end if;

  update delivery set attempt_token = p_token, attempt_trigger = p_trigger, attempt_started_at = v_start_at,
    attempt_lease_until = v_now + make_interval(secs => p_lease_ms / 1000.0),
    awaits_turn = d.awaits_turn and p_trigger = 'manual'
  where id = d.id;
  select v.id, v.type, v.organization_id, v.created_at, v.data, v.movement_id, v.api_key_id
    into r.event_id, r.event_type, r.organization_id, r.event_created_at, r.data, r.movement_id, r.api_key_id
    from event v where v.id = d.event_id;
  r.verdict := 'go';
  r.url := e.url;
  r.sealed_secret := e.sealed_secret;
  r.sealed_headers := e.sealed_headers;
  if e.previous_secret_until > v_now then r.previous_sealed_secret := e.previous_sealed_secret; end if;
  return r;
end $$;

-- Disables an endpoint that says it is gone, or in which nothing succeeded for five days while twenty deliveries failed. The
-- event says so to the people of the organization; no endpoint gets it.
create function note_endpoint(p_endpoint_id bigint, p_now timestamptz, p_delivered boolean, p_first_failure boolean, p_gone text)
returns void language plpgsql as $$
declare
  e webhook_endpoint;
  v_reason text := p_gone;
begin
  if p_delivered then
    update webhook_endpoint set failing_since = null, failed_deliveries = 0 where id = p_endpoint_id and failing_since is not null;
    return;
  end if;
  update webhook_endpoint set failing_since = coalesce(failing_since, p_now),
    failed_deliveries = failed_deliveries + p_first_failure::integer
  where id = p_endpoint_id and (failing_since is null or p_first_failure);
  select * into e from webhook_endpoint where id = p_endpoint_id;

  if v_reason is null and e.failed_deliveries >= 20 and e.failing_since < p_now - interval '5 days' then
    v_reason := format('nothing was delivered since %s; %s deliveries failed',
      to_char(e.failing_since at time zone 'UTC', 'YYYY-MM-DD HH24:MI "UTC"'), e.failed_deliveries);
  end if;
  if v_reason is null or e.disabled_at is not null then return; end if;

  update webhook_endpoint set disabled_at = p_now, disabled_reason = v_reason where id = p_endpoint_id;
  insert into event (id, organization_id, type, data, created_at)
  values (uuid_v7(), e.organization_id, 'webhook.endpoint.disabled',
    json_build_object('endpointId', e.id, 'url', e.url, 'reason', v_reason), p_now);
end $$;

create type attempt_record as (status text, attempts_made integer, retry_in_ms bigint, due_at timestamptz);

-- Writes what came of an attempt, in one transaction with the delivery's new state. A late record of an attempt that was
-- already counted as interrupted changes nothing, unless it succeeded: then the delivery is done.
create function record_attempt(
  p_delivery_id bigint, p_token uuid, p_trigger text, p_now timestamptz, p_duration_ms integer,
  p_delivered boolean, p_final boolean, p_endpoint_gone boolean,
  p_error_class text, p_failure text, p_retry_after_ms bigint, p_report jsonb,
  p_first_wait_ms bigint, p_max_attempts integer
) returns attempt_record language plpgsql as $$
declare
  r attempt_record;
  d delivery;
  v_now timestamptz(3);
  v_mine boolean;
begin
  select * into d from delivery where id = p_delivery_id for update;
  v_now := coalesce(p_now, clock_timestamp());
  v_mine := coalesce(d.attempt_token = p_token, false);

  if d.ended_at is null and (v_mine or p_delivered) then
    perform log_attempt(d.id, d.attempts_logged + 1, p_trigger,
      case when v_mine then d.attempt_started_at else v_now - make_interval(secs => p_duration_ms / 1000.0) end,
      p_duration_ms, p_error_class, p_failure, p_report);
    if p_delivered then
      d.status := 'delivered';
      d.attempts_made := d.attempts_made + case when p_trigger = 'manual' then 0 else 1 end;
      update delivery set status = d.status, attempts_made = d.attempts_made, attempts_logged = attempts_logged + 1,
        ended_at = v_now, last_failure = null,
        attempt_started_at = null, attempt_token = null, attempt_trigger = null, attempt_lease_until = null
      where id = d.id;
    else
      d := count_failure(d, v_now, p_failure, v_now + make_interval(secs => p_retry_after_ms / 1000.0), p_final,
        p_first_wait_ms, p_max_attempts);
    end if;
    perform note_endpoint(d.endpoint_id, v_now, p_delivered, p_trigger <> 'manual' and d.attempts_made = 1,
      case when p_endpoint_gone then p_failure end);
  end if;

  r.status := d.status;
  r.attempts_made := d.attempts_made;
  r.due_at := d.due_at;
  r.retry_in_ms := greatest(ms_between(v_now, d.due_at), 0);
  return r;
end $$;
