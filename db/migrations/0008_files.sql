-- Files and folders that were uploaded as inputs of runs.

create table input_file (
  company_id text not null default current_setting('regent.company'),
  id text not null,
  digest text not null,
  name text not null,
  kind text not null check (kind in ('file', 'folder')),
  size_bytes bigint not null,
  created_at timestamptz not null,
  primary key (company_id, id)
);

select protect_table('input_file');
