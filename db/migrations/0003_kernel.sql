-- Runs as lists show them. Written in batches from what happens, may lag 250 ms, and can be dropped and rebuilt
-- from the engine's record at any time.
create table run (
  company_id text not null default current_setting('regent.company'),
  id text not null,
  daemon_id text not null,
  status text not null,
  parent text,
  summary jsonb not null,
  queued_at timestamptz not null,
  ended_at timestamptz,
  primary key (company_id, id)
);
create index run_newest on run (company_id, queued_at desc, id desc);
create index run_of_daemon on run (company_id, daemon_id, queued_at desc, id desc);
create index run_of_parent on run (company_id, parent) where parent is not null;
create index run_ended on run (company_id, ended_at) where ended_at is not null;
select protect_table('run');

-- Somebody cancelled a run. Checked when a run begins again elsewhere, so that no takeover revives it.
create table run_cancellation (
  company_id text not null default current_setting('regent.company'),
  run_id text not null,
  by text not null,
  reason text,
  at timestamptz not null,
  primary key (company_id, run_id)
);
create index run_cancellation_newest on run_cancellation (company_id, at desc);
select protect_table('run_cancellation');

-- Somebody paused a run; the row goes when it is resumed.
create table run_pause (
  company_id text not null default current_setting('regent.company'),
  run_id text not null,
  by text not null,
  at timestamptz not null,
  primary key (company_id, run_id)
);
select protect_table('run_pause');

-- Places of a keyed semaphore: runs that hold one, and runs that wait for one.
create table run_place (
  company_id text not null default current_setting('regent.company'),
  key text not null,
  run_id text not null,
  priority integer not null,
  requested_at timestamptz not null,
  held boolean not null,
  primary key (company_id, run_id)
);
create index run_place_order on run_place (company_id, key, held, priority, requested_at, run_id);
select protect_table('run_place');

-- Results of stages that declare `cache`. Text and not jsonb: an output may hold what jsonb refuses.
create table stage_result (
  company_id text not null default current_setting('regent.company'),
  key text not null,
  output text not null,
  tree text,
  expires_at timestamptz not null,
  primary key (company_id, key)
);
create index stage_result_expiry on stage_result (company_id, expires_at);
select protect_table('stage_result');
