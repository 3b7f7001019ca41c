-- Answers to POST requests that carried an Idempotency-Key.

create table idempotency (
  company_id text not null default current_setting('regent.company'),
  key text not null check (length(key) between 1 and 255),
  -- Digest of method, path, query and body: the same key with another request is refused.
  request text not null,
  -- What new ids are made of, so that work that is taken over after a crash finds what it made before.
  seed text not null,
  -- Who works on it; when the time is over without an answer, somebody else may.
  holder text not null,
  held_until timestamptz not null,
  status integer,
  body text,
  created_at timestamptz not null,
  primary key (company_id, key),
  check ((status is null) = (body is null))
);

create index idempotency_by_age on idempotency (company_id, created_at);

select protect_table('idempotency');
