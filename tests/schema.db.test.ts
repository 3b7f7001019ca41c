import { equal } from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { dumpSchema } from "#platform";
import { testDatabase } from "#testing";

test("db/schema.sql is what the migrations make; after a change run `node scripts/dump-schema.ts`", async () => {
  const { database } = await testDatabase();
  const written = await readFile(new URL("../db/schema.sql", import.meta.url), "utf8");
  equal(
    await dumpSchema(database),
    written,
    "db/schema.sql is not what the migrations make: node scripts/dump-schema.ts",
  );
});

test("the dump shows what a reviewer must see: columns, keys, indexes, checks, security, grants", async () => {
  const { database, pool } = await testDatabase();
  await pool.query(`
    create type colour as enum ('red', 'o''range');
    create table sample (
      company_id text not null default current_setting('regent.company'),
      id bigint generated always as identity primary key,
      "Odd name" colour,
      doubled int generated always as (length('x') * 2) stored,
      parent bigint references sample,
      check (doubled > 0)
    );
    create index sample_odd on sample ("Odd name") where parent is null;
    comment on table sample is 'only for a test';
    select protect_table('sample')`);
  const parts = (await dumpSchema(database)).trim().split("\n\n");
  equal(
    parts.find((part) => part.startsWith("create type colour")),
    "create type colour as enum ('red', 'o''range');",
  );
  equal(
    parts.find((part) => part.startsWith("create table sample ")),
    `create table sample (
  company_id text not null default current_setting('regent.company'::text),
  id bigint not null generated always as identity,
  "Odd name" colour,
  doubled integer generated always as ((length('x'::text) * 2)) stored,
  parent bigint,
  constraint sample_pkey PRIMARY KEY (id),
  constraint sample_doubled_check CHECK ((doubled > 0)),
  constraint sample_parent_fkey FOREIGN KEY (parent) REFERENCES sample(id)
);
CREATE INDEX sample_odd ON public.sample USING btree ("Odd name") WHERE (parent IS NULL);
alter table sample enable row level security;
alter table sample force row level security;
create policy company on sample using (company_id = current_setting('regent.company'::text, true)) with check (company_id = current_setting('regent.company'::text, true));
grant delete, insert, select, update on sample to regent_app;
comment on table sample is 'only for a test';`,
  );
});
