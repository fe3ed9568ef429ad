-- Keeps the attempt log in daily partitions: makes those of the coming days, drops those whose last day is over
-- `p_keep_days` old. Answers how many were made and dropped. A day that cannot have its partition (the default one holds
-- rows of it already) goes on in the default one.
create function maintain_attempt_log(p_now timestamptz, p_keep_days integer, p_ahead_days integer, out made integer, out dropped integer)
language plpgsql as $$
declare
  v_today date := (p_now at time zone 'UTC')::date;
  v_day date;
  v_name text;
begin
  made := 0;
  dropped := 0;
  for v_day in select v_today + n from generate_series(0, p_ahead_days) n loop
    v_name := 'delivery_attempt_' || to_char(v_day, 'YYYYMMDD');
    if to_regclass(v_name) is null then
      begin
        execute format('create table %I partition of delivery_attempt for values from (%L) to (%L)',
          v_name, v_day::timestamp at time zone 'UTC', (v_day + 1)::timestamp at time zone 'UTC');
        made := made + 1;
      exception when check_violation then
        raise warning 'no partition for %: the default one holds rows of that day', v_day;
      end;
    end if;
  end loop;

  for v_name in
    select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'delivery_attempt'::regclass
      and c.relname ~ '^delivery_attempt_\d{8}$'
      and to_date(right(c.relname, 8), 'YYYYMMDD') < v_today - p_keep_days
  loop
    execute format('drop table %I', v_name);
    dropped := dropped + 1;
  end loop;
  delete from delivery_attempt_default where started_at < (v_today - p_keep_days)::timestamp at time zone 'UTC';
end $$;

-- How an endpoint did in the last days. Each partition has its own, small and in the order of writing.
create index attempt_by_endpoint on delivery_attempt (endpoint_id, started_at);

select maintain_attempt_log(now(), 30, 14);
