alter table api_key add column rate_limit_per_minute integer check (rate_limit_per_minute >= 0);
comment on column api_key.rate_limit_per_minute is 'requests; null: as the environment says; 0: no limit';

-- As rate-limiter-flexible has it: how many requests a key made in its minute, and when that ends (epoch milliseconds).
-- Unlogged: a count that a crash loses is no loss, and a request then waits for no disk.
create unlogged table rate_limit (
  key varchar(255) primary key,
  points integer not null default 0,
  expire bigint
);
