-- The schema after all migrations. Written by `node scripts/dump-schema.ts`; a test holds it to the migrations.

-- function protect_table(name text)
CREATE OR REPLACE FUNCTION public.protect_table(name text)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
declare
  target constant regclass := name::regclass;
  owned regclass;
begin
  if not exists (
    select from pg_attribute
    where attrelid = target and attname = 'company_id' and attnotnull and not attisdropped
  ) then
    raise exception 'The table % needs a column "company_id text not null".', target;
  end if;
  execute format('alter table %s enable row level security', target);
  execute format('alter table %s force row level security', target);
  execute format(
    'create policy company on %s
       using (company_id = current_setting(''regent.company'', true))
       with check (company_id = current_setting(''regent.company'', true))',
    target
  );
  if exists (select from pg_roles where rolname = 'regent_app') then
    execute format('grant select, insert, update, delete on %s to regent_app', target);
    for owned in
      select d.objid::regclass
      from pg_depend d
      join pg_class c on c.oid = d.objid and c.relkind = 'S'
      where d.refobjid = target and d.classid = 'pg_class'::regclass
    loop
      execute format('grant usage on sequence %s to regent_app', owned);
    end loop;
  end if;
end
$function$;

create table approval (
  company_id text not null default current_setting('regent.company'::text),
  id text not null,
  key text not null,
  place text not null,
  run_id text not null,
  daemon text not null,
  stage text not null,
  state text not null default 'open'::text,
  ask text not null,
  show json not null,
  who text not null,
  requested_at timestamp with time zone not null,
  expires_ms double precision,
  expires_at timestamp with time zone,
  otherwise text not null,
  escalated_at timestamp with time zone,
  escalated_by text,
  verdict text,
  decided_by text,
  note text,
  changes json,
  decided_at timestamp with time zone,
  effective_at timestamp with time zone,
  taken_at timestamp with time zone,
  round integer not null default 0,
  due timestamp with time zone not null generated always as (
CASE
    WHEN (state = 'open'::text) THEN COALESCE(expires_at, 'infinity'::timestamp with time zone)
    ELSE 'infinity'::timestamp with time zone
END) stored,
  constraint approval_pkey PRIMARY KEY (company_id, id),
  constraint approval_check CHECK (((state = ANY (ARRAY['decided'::text, 'expired'::text])) = (verdict IS NOT NULL))),
  constraint approval_check1 CHECK (((verdict IS NULL) = (decided_at IS NULL))),
  constraint approval_check2 CHECK (((verdict IS NULL) = (effective_at IS NULL))),
  constraint approval_company_id_key_key UNIQUE (company_id, key),
  constraint approval_expires_ms_check CHECK ((expires_ms > (0)::double precision)),
  constraint approval_otherwise_check CHECK ((otherwise = ANY (ARRAY['reject'::text, 'approve'::text, 'escalate'::text]))),
  constraint approval_state_check CHECK ((state = ANY (ARRAY['open'::text, 'decided'::text, 'expired'::text, 'withdrawn'::text]))),
  constraint approval_verdict_check CHECK ((verdict = ANY (ARRAY['approve'::text, 'reject'::text])))
);
CREATE INDEX approval_by_due ON public.approval USING btree (company_id, due, id DESC);
CREATE INDEX approval_by_run ON public.approval USING btree (company_id, run_id);
CREATE INDEX approval_by_state ON public.approval USING btree (company_id, state, due, id DESC);
alter table approval enable row level security;
alter table approval force row level security;
create policy company on approval using (company_id = current_setting('regent.company'::text, true)) with check (company_id = current_setting('regent.company'::text, true));
grant delete, insert, select, update on approval to regent_app;

create table definition (
  company_id text not null default current_setting('regent.company'::text),
  digest text not null,
  kind text not null,
  id text not null,
  body text not null,
  constraint definition_pkey PRIMARY KEY (company_id, digest, kind, id)
);
alter table definition enable row level security;
alter table definition force row level security;
create policy company on definition using (company_id = current_setting('regent.company'::text, true)) with check (company_id = current_setting('regent.company'::text, true));
grant delete, insert, select, update on definition to regent_app;

create table definition_version (
  company_id text not null default current_setting('regent.company'::text),
  kind text not null,
  id text not null,
  number integer not null,
  digest text not null,
  version text,
  loaded_at timestamp with time zone not null,
  constraint definition_version_pkey PRIMARY KEY (company_id, kind, id, number)
);
alter table definition_version enable row level security;
alter table definition_version force row level security;
create policy company on definition_version using (company_id = current_setting('regent.company'::text, true)) with check (company_id = current_setting('regent.company'::text, true));
grant delete, insert, select, update on definition_version to regent_app;

create table event (
  company_id text not null default current_setting('regent.company'::text),
  id text not null,
  seq bigint not null generated always as identity,
  type text not null,
  data json not null,
  source text not null,
  at timestamp with time zone not null,
  hops integer not null default 0,
  pending boolean not null default true,
  claimed_until timestamp with time zone,
  attempts integer not null default 0,
  constraint event_pkey PRIMARY KEY (company_id, id)
);
CREATE INDEX event_by_seq ON public.event USING btree (company_id, seq DESC);
CREATE INDEX event_by_time ON public.event USING btree (company_id, at);
CREATE INDEX event_by_type ON public.event USING btree (company_id, type, seq DESC);
CREATE INDEX event_pending ON public.event USING btree (company_id, seq) WHERE pending;
alter table event enable row level security;
alter table event force row level security;
create policy company on event using (company_id = current_setting('regent.company'::text, true)) with check (company_id = current_setting('regent.company'::text, true));
grant delete, insert, select, update on event to regent_app;

create table event_start (
  company_id text not null default current_setting('regent.company'::text),
  event_id text not null,
  daemon text not null,
  run_id text not null,
  constraint event_start_pkey PRIMARY KEY (company_id, event_id, daemon),
  constraint event_start_company_id_event_id_fkey FOREIGN KEY (company_id, event_id) REFERENCES event(company_id, id) ON DELETE CASCADE
);
CREATE INDEX event_start_by_run ON public.event_start USING btree (company_id, run_id);
alter table event_start enable row level security;
alter table event_start force row level security;
create policy company on event_start using (company_id = current_setting('regent.company'::text, true)) with check (company_id = current_setting('regent.company'::text, true));
grant delete, insert, select, update on event_start to regent_app;

create table event_subscription (
  company_id text not null default current_setting('regent.company'::text),
  run_id text not null,
  topic text not null,
  type text not null,
  constraint event_subscription_pkey PRIMARY KEY (company_id, run_id, topic, type)
);
CREATE INDEX event_subscription_by_type ON public.event_subscription USING btree (company_id, type);
alter table event_subscription enable row level security;
alter table event_subscription force row level security;
create policy company on event_subscription using (company_id = current_setting('regent.company'::text, true)) with check (company_id = current_setting('regent.company'::text, true));
grant delete, insert, select, update on event_subscription to regent_app;

create table idempotency (
  company_id text not null default current_setting('regent.company'::text),
  key text not null,
  request text not null,
  seed text not null,
  holder text not null,
  held_until timestamp with time zone not null,
  status integer,
  body text,
  created_at timestamp with time zone not null,
  constraint idempotency_pkey PRIMARY KEY (company_id, key),
  constraint idempotency_check CHECK (((status IS NULL) = (body IS NULL))),
  constraint idempotency_key_check CHECK (((length(key) >= 1) AND (length(key) <= 255)))
);
CREATE INDEX idempotency_by_age ON public.idempotency USING btree (company_id, created_at);
alter table idempotency enable row level security;
alter table idempotency force row level security;
create policy company on idempotency using (company_id = current_setting('regent.company'::text, true)) with check (company_id = current_setting('regent.company'::text, true));
grant delete, insert, select, update on idempotency to regent_app;

create table input_file (
  company_id text not null default current_setting('regent.company'::text),
  id text not null,
  digest text not null,
  name text not null,
  kind text not null,
  size_bytes bigint not null,
  created_at timestamp with time zone not null,
  constraint input_file_pkey PRIMARY KEY (company_id, id),
  constraint input_file_kind_check CHECK ((kind = ANY (ARRAY['file'::text, 'folder'::text])))
);
alter table input_file enable row level security;
alter table input_file force row level security;
create policy company on input_file using (company_id = current_setting('regent.company'::text, true)) with check (company_id = current_setting('regent.company'::text, true));
grant delete, insert, select, update on input_file to regent_app;

create table model_calls (
  company_id text not null default current_setting('regent.company'::text),
  run text not null,
  key text not null,
  provider text not null,
  model text not null,
  tries integer not null default 0,
  held_nanos bigint not null default 0,
  held_until timestamp with time zone,
  lost_nanos bigint not null default 0,
  spent_nanos bigint not null default 0,
  priced boolean not null default true,
  input_tokens bigint not null default 0,
  cache_read_tokens bigint not null default 0,
  cache_write_tokens bigint not null default 0,
  output_tokens bigint not null default 0,
  answer jsonb,
  begun_at timestamp with time zone not null,
  settled_at timestamp with time zone,
  constraint model_calls_pkey PRIMARY KEY (company_id, run, key),
  constraint model_calls_held_nanos_check CHECK ((held_nanos >= 0))
);
CREATE INDEX model_calls_held ON public.model_calls USING btree (company_id, run, held_until) WHERE (held_nanos > 0);
alter table model_calls enable row level security;
alter table model_calls force row level security;
create policy company on model_calls using (company_id = current_setting('regent.company'::text, true)) with check (company_id = current_setting('regent.company'::text, true));
grant delete, insert, select, update on model_calls to regent_app;

create table run (
  company_id text not null default current_setting('regent.company'::text),
  id text not null,
  daemon_id text not null,
  status text not null,
  parent text,
  summary jsonb not null,
  queued_at timestamp with time zone not null,
  ended_at timestamp with time zone,
  constraint run_pkey PRIMARY KEY (company_id, id)
);
CREATE INDEX run_ended ON public.run USING btree (company_id, ended_at) WHERE (ended_at IS NOT NULL);
CREATE INDEX run_newest ON public.run USING btree (company_id, queued_at DESC, id DESC);
CREATE INDEX run_of_daemon ON public.run USING btree (company_id, daemon_id, queued_at DESC, id DESC);
CREATE INDEX run_of_parent ON public.run USING btree (company_id, parent) WHERE (parent IS NOT NULL);
alter table run enable row level security;
alter table run force row level security;
create policy company on run using (company_id = current_setting('regent.company'::text, true)) with check (company_id = current_setting('regent.company'::text, true));
grant delete, insert, select, update on run to regent_app;

create table run_budgets (
  company_id text not null default current_setting('regent.company'::text),
  run text not null,
  limit_nanos bigint not null,
  held_nanos bigint not null default 0,
  spent_nanos bigint not null default 0,
  taken_nanos bigint not null default 0,
  constraint run_budgets_pkey PRIMARY KEY (company_id, run),
  constraint run_budgets_held_nanos_check CHECK ((held_nanos >= 0)),
  constraint run_budgets_spent_nanos_check CHECK ((spent_nanos >= 0))
);
alter table run_budgets enable row level security;
alter table run_budgets force row level security;
create policy company on run_budgets using (company_id = current_setting('regent.company'::text, true)) with check (company_id = current_setting('regent.company'::text, true));
grant delete, insert, select, update on run_budgets to regent_app;

create table run_cancellation (
  company_id text not null default current_setting('regent.company'::text),
  run_id text not null,
  by text not null,
  reason text,
  at timestamp with time zone not null,
  constraint run_cancellation_pkey PRIMARY KEY (company_id, run_id)
);
CREATE INDEX run_cancellation_newest ON public.run_cancellation USING btree (company_id, at DESC);
alter table run_cancellation enable row level security;
alter table run_cancellation force row level security;
create policy company on run_cancellation using (company_id = current_setting('regent.company'::text, true)) with check (company_id = current_setting('regent.company'::text, true));
grant delete, insert, select, update on run_cancellation to regent_app;

create table run_pause (
  company_id text not null default current_setting('regent.company'::text),
  run_id text not null,
  by text not null,
  at timestamp with time zone not null,
  constraint run_pause_pkey PRIMARY KEY (company_id, run_id)
);
alter table run_pause enable row level security;
alter table run_pause force row level security;
create policy company on run_pause using (company_id = current_setting('regent.company'::text, true)) with check (company_id = current_setting('regent.company'::text, true));
grant delete, insert, select, update on run_pause to regent_app;

create table run_place (
  company_id text not null default current_setting('regent.company'::text),
  key text not null,
  run_id text not null,
  priority integer not null,
  requested_at timestamp with time zone not null,
  held boolean not null,
  constraint run_place_pkey PRIMARY KEY (company_id, run_id)
);
CREATE INDEX run_place_order ON public.run_place USING btree (company_id, key, held, priority, requested_at, run_id);
alter table run_place enable row level security;
alter table run_place force row level security;
create policy company on run_place using (company_id = current_setting('regent.company'::text, true)) with check (company_id = current_setting('regent.company'::text, true));
grant delete, insert, select, update on run_place to regent_app;

create table schedule (
  company_id text not null default current_setting('regent.company'::text),
  id text not null,
  daemon text not null,
  cron text not null,
  timezone text not null,
  done_until timestamp with time zone not null,
  next_at timestamp with time zone,
  constraint schedule_pkey PRIMARY KEY (company_id, id)
);
CREATE INDEX schedule_by_next ON public.schedule USING btree (company_id, next_at);
alter table schedule enable row level security;
alter table schedule force row level security;
create policy company on schedule using (company_id = current_setting('regent.company'::text, true)) with check (company_id = current_setting('regent.company'::text, true));
grant delete, insert, select, update on schedule to regent_app;

create table stage_result (
  company_id text not null default current_setting('regent.company'::text),
  key text not null,
  output text not null,
  tree text,
  expires_at timestamp with time zone not null,
  constraint stage_result_pkey PRIMARY KEY (company_id, key)
);
CREATE INDEX stage_result_expiry ON public.stage_result USING btree (company_id, expires_at);
alter table stage_result enable row level security;
alter table stage_result force row level security;
create policy company on stage_result using (company_id = current_setting('regent.company'::text, true)) with check (company_id = current_setting('regent.company'::text, true));
grant delete, insert, select, update on stage_result to regent_app;

create table trigger_problem (
  company_id text not null default current_setting('regent.company'::text),
  id bigint not null generated always as identity,
  at timestamp with time zone not null,
  daemon text not null,
  event_id text,
  tick_at timestamp with time zone,
  code text not null,
  message text not null,
  constraint trigger_problem_pkey PRIMARY KEY (company_id, id)
);
alter table trigger_problem enable row level security;
alter table trigger_problem force row level security;
create policy company on trigger_problem using (company_id = current_setting('regent.company'::text, true)) with check (company_id = current_setting('regent.company'::text, true));
grant delete, insert, select, update on trigger_problem to regent_app;
