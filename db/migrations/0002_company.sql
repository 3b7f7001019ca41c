-- Definitions of the company's files: their canonical form by digest, and the order in which versions were loaded.

create table definition (
  company_id text not null default current_setting('regent.company'),
  digest text not null,
  kind text not null,
  id text not null,
  -- Canonical JSON. As text: its bytes are what the digest was taken of.
  body text not null,
  primary key (company_id, digest, kind, id)
);
select protect_table('definition');

create table definition_version (
  company_id text not null default current_setting('regent.company'),
  kind text not null,
  id text not null,
  -- Counts the versions of one definition from 1.
  number integer not null,
  digest text not null,
  -- What the file says; several digests under one version are possible, and warned of.
  version text,
  loaded_at timestamptz not null,
  primary key (company_id, kind, id, number)
);
select protect_table('definition_version');
