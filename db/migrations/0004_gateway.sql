-- What model calls cost, and what runs may spend. Amounts are nano-dollars (1e-9 USD).

-- One row a run that has a limit. `spent + held <= spend_limit` is checked by the table itself as well: a statement
-- that would break it fails instead.
create table run_budgets (
  company_id text not null default current_setting('regent.company'),
  run text not null,
  limit_nanos bigint not null,
  held_nanos bigint not null default 0 check (held_nanos >= 0),
  spent_nanos bigint not null default 0 check (spent_nanos >= 0),
  -- What the last hold took: set and returned by the statement that takes it.
  taken_nanos bigint not null default 0,
  primary key (company_id, run)
);
select protect_table('run_budgets');

-- One row a call (a step's key and the digest of what was asked); its tries add up in it.
create table model_calls (
  company_id text not null default current_setting('regent.company'),
  run text not null,
  key text not null,
  provider text not null,
  model text not null,
  tries integer not null default 0,
  held_nanos bigint not null default 0 check (held_nanos >= 0),
  held_until timestamptz,
  -- Charged for a try whose end nobody saw; corrected if it is settled after all.
  lost_nanos bigint not null default 0,
  spent_nanos bigint not null default 0,
  -- False when a try had no known price: `spent_nanos` is then only a part.
  priced boolean not null default true,
  input_tokens bigint not null default 0,
  cache_read_tokens bigint not null default 0,
  cache_write_tokens bigint not null default 0,
  output_tokens bigint not null default 0,
  answer jsonb,
  begun_at timestamptz not null,
  settled_at timestamptz,
  primary key (company_id, run, key)
);
-- Finds holds whose time is over.
create index model_calls_held on model_calls (company_id, run, held_until) where held_nanos > 0;
select protect_table('model_calls');
