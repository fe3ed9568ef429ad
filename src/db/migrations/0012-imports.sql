-- A file between its preview and its confirmation: for the session that brought it, in the organization it is for.
create table import_upload (
  id uuid primary key default gen_random_uuid(),
  session_id bigint not null references session (id) on delete cascade,
  organization_id bigint not null references organization (id),
  kind text not null check (kind in ('parts', 'stock')),
  file_name text not null,
  content bytea,
  result jsonb,
  created_at timestamptz(3) not null default now(),
  expires_at timestamptz(3) not null,
  check ((content is null) = (result is not null))
);
comment on column import_upload.result is 'what came of it; the content goes when it is imported';
create index import_upload_by_session on import_upload (session_id, organization_id);
create index import_upload_by_expiry on import_upload (expires_at);
