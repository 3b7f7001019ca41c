-- Facts that happened, what they start, and the clockwork of schedules.

create table event (
  company_id text not null default current_setting('regent.company'),
  id text not null,
  -- Order of arrival; the cursor of lists.
  seq bigint generated always as identity,
  type text not null,
  -- json and not jsonb: content from outside may hold \u0000, which jsonb refuses.
  data json not null,
  source text not null,
  at timestamptz not null,
  -- How many events led to this one, each through a run that it started. Ends circles.
  hops integer not null default 0,
  -- Runs it starts and runs that wait for it are not all told yet.
  pending boolean not null default true,
  -- Somebody is at it; when this is over, somebody else goes on.
  claimed_until timestamptz,
  -- Why it is still pending, if telling went wrong.
  attempts integer not null default 0,
  primary key (company_id, id)
);
create index event_pending on event (company_id, seq) where pending;
create index event_by_seq on event (company_id, seq desc);
create index event_by_type on event (company_id, type, seq desc);
create index event_by_time on event (company_id, at);
select protect_table('event');

-- What an event has started: one run a daemon.
create table event_start (
  company_id text not null default current_setting('regent.company'),
  event_id text not null,
  daemon text not null,
  run_id text not null,
  primary key (company_id, event_id, daemon),
  foreign key (company_id, event_id) references event (company_id, id) on delete cascade
);
create index event_start_by_run on event_start (company_id, run_id);
select protect_table('event_start');

-- Runs that wait for a type of event.
create table event_subscription (
  company_id text not null default current_setting('regent.company'),
  run_id text not null,
  topic text not null,
  type text not null,
  primary key (company_id, run_id, topic, type)
);
create index event_subscription_by_type on event_subscription (company_id, type);
select protect_table('event_subscription');

-- One row a cron trigger of a daemon. The id is made of daemon, expression and timezone: a changed expression is
-- another schedule, so nothing is caught up across the change.
create table schedule (
  company_id text not null default current_setting('regent.company'),
  id text not null,
  daemon text not null,
  cron text not null,
  timezone text not null,
  -- Every tick up to this moment is dealt with.
  done_until timestamptz not null,
  -- Null: never again.
  next_at timestamptz,
  primary key (company_id, id)
);
create index schedule_by_next on schedule (company_id, next_at);
select protect_table('schedule');

-- Why a trigger did not start what it should have started. For people; nothing reads it to decide.
create table trigger_problem (
  company_id text not null default current_setting('regent.company'),
  id bigint generated always as identity,
  at timestamptz not null,
  daemon text not null,
  event_id text,
  tick_at timestamptz,
  code text not null,
  message text not null,
  primary key (company_id, id)
);
select protect_table('trigger_problem');
