-- Questions that wait for people, and what became of them.

create table approval (
  company_id text not null default current_setting('regent.company'),
  id text not null,
  -- Where in the run and which attempt: a step that is repeated after a crash finds its question here.
  key text not null,
  -- The same for every attempt.
  place text not null,
  run_id text not null,
  daemon text not null,
  stage text not null,
  state text not null default 'open' check (state in ('open', 'decided', 'expired', 'withdrawn')),
  ask text not null,
  -- json and not jsonb: what is shown keeps its order.
  show json not null,
  who text not null,
  requested_at timestamptz not null,
  expires_ms double precision check (expires_ms > 0),
  expires_at timestamptz,
  otherwise text not null check (otherwise in ('reject', 'approve', 'escalate')),
  escalated_at timestamptz,
  escalated_by text,
  verdict text check (verdict in ('approve', 'reject')),
  decided_by text,
  note text,
  changes json,
  decided_at timestamptz,
  effective_at timestamptz,
  -- From this moment on the run has it: nobody can take the decision back.
  taken_at timestamptz,
  -- How often it was decided or taken back: a key for each message to the run.
  round integer not null default 0,
  -- The order of lists: what is open and expires comes first, soonest first.
  due timestamptz not null generated always as (
    case when state = 'open' then coalesce(expires_at, 'infinity') else 'infinity' end
  ) stored,
  primary key (company_id, id),
  unique (company_id, key),
  check ((state in ('decided', 'expired')) = (verdict is not null)),
  check ((verdict is null) = (decided_at is null)),
  check ((verdict is null) = (effective_at is null))
);

create index approval_by_state on approval (company_id, state, due, id desc);
create index approval_by_due on approval (company_id, due, id desc);
create index approval_by_run on approval (company_id, run_id);

select protect_table('approval');
