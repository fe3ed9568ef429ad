-- The answer to a write that carried an Idempotency-Key, kept in the write's own transaction.
create table idempotency_key (
  organization_id bigint not null references organization (id),
  key text not null check (length(key) between 1 and 255),
  fingerprint bytea not null,
  answer json not null,
  created_at timestamptz(3) not null default clock_timestamp(),
  primary key (organization_id, key)
);
comment on column idempotency_key.fingerprint is 'SHA-256 of the request: method, address and body';
comment on column idempotency_key.answer is 'json, not jsonb: given again as it was';
create index idempotency_key_by_age on idempotency_key (created_at);

create type key_claim as (
  verdict text, -- go: nobody has used the key; replay: its answer; mismatch: another request's; running: not answered yet
  answer json
);

create function idempotency_kept_for() returns interval language sql immutable as $$ select interval '7 days' $$;

-- Holds a key until the end of the transaction. Whoever is refused lets it go again by rolling back.
create function claim_idempotency_key(p_organization_id bigint, p_key text, p_fingerprint bytea) returns key_claim
language plpgsql as $$
declare
  k key_claim;
  v_hash bigint := hashtextextended(p_key, p_organization_id);
  v_kept idempotency_key;
begin
  k.verdict := 'running';
  if not pg_try_advisory_xact_lock((v_hash >> 32)::integer, (v_hash << 32 >> 32)::integer) then return k; end if;
  delete from idempotency_key
    where organization_id = p_organization_id and key = p_key and created_at < clock_timestamp() - idempotency_kept_for();
  select * into v_kept from idempotency_key where organization_id = p_organization_id and key = p_key;
  if not found then
    k.verdict := 'go';
  elsif v_kept.fingerprint <> p_fingerprint then
    k.verdict := 'mismatch';
  else
    k.verdict := 'replay';
    k.answer := v_kept.answer;
  end if;
  return k;
end $$;

create function keep_answer(p_organization_id bigint, p_key text, p_fingerprint bytea, p_answer json) returns void language sql volatile as $$
  insert into idempotency_key (organization_id, key, fingerprint, answer) values (p_organization_id, p_key, p_fingerprint, p_answer)
$$;

-- Deletes some of the keys that hold no longer, the oldest first. Answers how many.
create function delete_old_keys(p_limit integer) returns integer language plpgsql as $$
declare
  v_before constant timestamptz := clock_timestamp() - idempotency_kept_for();
  v_deleted integer;
begin
  delete from idempotency_key where ctid = any (array(
    select ctid from idempotency_key where created_at < v_before order by created_at limit p_limit for update skip locked));
  get diagnostics v_deleted = row_count;
  return v_deleted;
end $$;

-- `record_movements` under an idempotency key, or without one. The kept answer is the outcomes.
create function record_movements_once(
  p_organization_id bigint, p_api_key_id bigint, p_items jsonb, p_atomic boolean, p_dry_run boolean, p_key text, p_fingerprint bytea,
  p_person_id bigint default null,
  out verdict text, out outcomes json, out deliveries integer
) language plpgsql as $$
declare v_refused boolean;
begin
  verdict := 'go';
  deliveries := 0;
  if p_key is not null then
    select c.verdict, c.answer into verdict, outcomes from claim_idempotency_key(p_organization_id, p_key, p_fingerprint) c;
    if verdict <> 'go' then return; end if;
  end if;
  select r.outcomes, r.refused, r.deliveries into outcomes, v_refused, deliveries
    from record_movements(p_organization_id, p_api_key_id, p_items, p_atomic, p_dry_run, p_person_id) r;
  if p_key is not null and not v_refused then
    perform keep_answer(p_organization_id, p_key, p_fingerprint, outcomes);
  end if;
end $$;
