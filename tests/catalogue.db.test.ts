import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import type pg from "pg";
import { testDatabase } from "#testing";

/** Tables of ours that are open to more than one company. The engine's own tables lie in the schema `dbos`. */
async function findOpenTables(pool: pg.Pool): Promise<string[]> {
  const { rows } = await pool.query<{ name: string }>(
    `select c.relname as name
     from pg_class c
     where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
       and not (
         c.relrowsecurity and c.relforcerowsecurity
         and exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'company_id' and a.attnotnull)
         and exists (
           select from pg_policy p
           where p.polrelid = c.oid and p.polpermissive and p.polcmd = '*'
             and pg_get_expr(p.polqual, c.oid) = '(company_id = current_setting(''regent.company''::text, true))'
             and pg_get_expr(p.polwithcheck, c.oid) = '(company_id = current_setting(''regent.company''::text, true))'
         )
         and (select count(*) from pg_policy p where p.polrelid = c.oid and p.polpermissive) = 1
       )
     order by 1`,
  );
  return rows.map((row) => row.name);
}

test("every table belongs to companies: company_id, forced row security, and the one policy", async () => {
  const { pool } = await testDatabase();
  deepEqual(await findOpenTables(pool), []);
});

test("the guard sees a table without protection, without FORCE, and with a second policy", async () => {
  const { pool } = await testDatabase();
  const column = "company_id text not null default current_setting('regent.company')";
  await pool.query(`
    create table bare (id int);
    create table unprotected (${column});
    create table unforced (${column});
    select protect_table('unforced');
    alter table unforced no force row level security;
    create table opened (${column});
    select protect_table('opened');
    create policy everything on opened using (true);
    create table sound (${column});
    select protect_table('sound')`);
  deepEqual(await findOpenTables(pool), ["bare", "opened", "unforced", "unprotected"]);
});

test("the application role owns nothing, may not log in, and is above no rule", async () => {
  const { pool } = await testDatabase();
  const { rows } = await pool.query(
    `select rolsuper, rolbypassrls, rolcanlogin, rolcreaterole, rolcreatedb,
       (select count(*) from pg_shdepend where refobjid = r.oid and deptype = 'o')::int as owns
     from pg_roles r
     where rolname = 'regent_app'`,
  );
  equal(rows.length, 1);
  deepEqual(new Set(Object.values(rows[0])), new Set([false, 0]));
});
