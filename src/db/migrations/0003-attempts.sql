-- Every attempt is claim → POST → record; the delivery's row says what may happen, whatever the engine does.
-- `p_now` is null but in tests, whose clock may skip hours.

create type attempt_claim as (
  verdict text,               -- go, ended, busy, not_due or gone
  status text,                -- the delivery's, when ended
  retry_in_ms bigint,         -- busy, not_due
  attempts_made integer,
  last_failure text,
  endpoint_id bigint, url text, sealed_secret text, event_id uuid, event_type text, organization_id bigint, event_created_at timestamptz,
  data json, movement_id bigint, api_key_id bigint
);

create function retry_wait(p_failures integer, p_first_wait_ms bigint) returns interval language sql immutable as $$
  select make_interval(secs => p_first_wait_ms / 1000.0 * 2 ^ (p_failures - 1))
$$;

create function ms_between(p_from timestamptz, p_to timestamptz) returns bigint language sql immutable as $$
  select ceil(extract(epoch from p_to - p_from) * 1000)::bigint
$$;

-- Counts a failed attempt in a locked delivery row: the next due time, or the end when no attempt is left.
create function count_failure(
  inout d delivery, p_failed_at timestamptz, p_failure text, p_not_before timestamptz, p_final boolean,
  p_first_wait_ms bigint, p_max_attempts integer
) language plpgsql as $$
begin
  d.attempts_made := d.attempts_made + 1;
  d.last_failure := p_failure;
  d.attempt_started_at := null; d.attempt_token := null; d.attempt_lease_until := null;
  if p_final or d.attempts_made >= p_max_attempts then
    d.status := 'failed';
    d.ended_at := p_failed_at;
  else
    d.status := 'retrying';
    d.due_at := greatest(p_failed_at + retry_wait(d.attempts_made, p_first_wait_ms), p_not_before);
  end if;
  update delivery set attempts_made = d.attempts_made, last_failure = d.last_failure, attempt_started_at = null,
    attempt_token = null, attempt_lease_until = null, status = d.status, ended_at = d.ended_at, due_at = d.due_at
  where id = d.id;
end $$;

create function claim_attempt(
  p_delivery_id bigint, p_token uuid, p_instant boolean, p_now timestamptz,
  p_lease_ms bigint, p_interrupted_after_ms bigint, p_first_wait_ms bigint, p_max_attempts integer
) returns attempt_claim language plpgsql as $$
declare
  r attempt_claim;
  d delivery;
  e webhook_endpoint;
  v_now timestamptz(3);
  v_failed_at timestamptz(3);
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
    -- Its worker is gone. The instant attempt is repeated as the same one; a later one counts as failed.
    if not (p_instant and d.attempts_made = 0) then
      v_failed_at := d.attempt_started_at + make_interval(secs => p_interrupted_after_ms / 1000.0);
      insert into delivery_attempt (delivery_id, number, trigger, started_at, duration_ms, error_class, failure)
      values (d.id, d.attempts_made + 1, case when d.attempts_made = 0 then 'instant' else 'scheduled' end,
        d.attempt_started_at, p_interrupted_after_ms, 'interrupted', 'interrupted: its worker stopped');
      d := count_failure(d, v_failed_at, 'interrupted: its worker stopped', null, false, p_first_wait_ms, p_max_attempts);
    end if;
  end if;

  r.attempts_made := d.attempts_made;
  r.last_failure := d.last_failure;
  if d.ended_at is not null then r.verdict := 'ended'; r.status := d.status; return r; end if;
  if d.due_at > v_now then
    r.verdict := 'not_due';
    r.retry_in_ms := ms_between(v_now, d.due_at);
    return r;
  end if;

  update delivery set attempt_token = p_token, attempt_started_at = v_now,
    attempt_lease_until = v_now + make_interval(secs => p_lease_ms / 1000.0)
  where id = d.id;
  select v.id, v.type, v.organization_id, v.created_at, v.data, v.movement_id, v.api_key_id
    into r.event_id, r.event_type, r.organization_id, r.event_created_at, r.data, r.movement_id, r.api_key_id
    from event v where v.id = d.event_id;
  r.verdict := 'go';
  r.endpoint_id := e.id;
  r.url := e.url;
  r.sealed_secret := e.sealed_secret;
  return r;
end $$;

create type attempt_record as (status text, attempts_made integer, retry_in_ms bigint, due_at timestamptz);

-- Writes what came of an attempt, in one transaction with the delivery's new state. A late record of an attempt that was
-- already counted as interrupted changes nothing, unless it succeeded: then the delivery is done.
create function record_attempt(
  p_delivery_id bigint, p_token uuid, p_instant boolean, p_now timestamptz, p_duration_ms integer,
  p_delivered boolean, p_final boolean, p_endpoint_gone boolean,
  p_status_code integer, p_error_class text, p_failure text, p_retry_after_ms bigint,
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
    insert into delivery_attempt (delivery_id, number, trigger, started_at, duration_ms, status_code, error_class, failure)
    values (d.id, d.attempts_made + 1, case when p_instant then 'instant' else 'scheduled' end,
      case when v_mine then d.attempt_started_at else v_now end, p_duration_ms, p_status_code, p_error_class, p_failure);
    if p_delivered then
      d.attempts_made := d.attempts_made + 1;
      d.status := 'delivered';
      update delivery set status = d.status, attempts_made = d.attempts_made, ended_at = v_now, last_failure = null,
        attempt_started_at = null, attempt_token = null, attempt_lease_until = null
      where id = d.id;
    else
      d := count_failure(d, v_now, p_failure, v_now + make_interval(secs => p_retry_after_ms / 1000.0), p_final,
        p_first_wait_ms, p_max_attempts);
    end if;
    if p_endpoint_gone then
      update webhook_endpoint set disabled_at = v_now, disabled_reason = p_failure
      where id = d.endpoint_id and disabled_at is null;
    end if;
  end if;

  r.status := d.status;
  r.attempts_made := d.attempts_made;
  r.due_at := d.due_at;
  r.retry_in_ms := greatest(ms_between(v_now, d.due_at), 0);
  return r;
end $$;
