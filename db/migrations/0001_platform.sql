-- The ground: the application role, and what makes a table belong to companies.

-- Roles belong to the whole server: another database of it may have made this one, perhaps at this very moment.
-- Where the login may not create roles, row security still holds for it: every table is set to FORCE.
do $$
begin
  if not exists (select from pg_roles where rolname = 'regent_app') then
    create role regent_app nologin;
  end if;
exception
  when duplicate_object or unique_violation then null;
  when insufficient_privilege then
    raise notice 'The role regent_app cannot be created by %: statements run as that login.', current_user;
end
$$;

do $$
declare
  -- Since 16 whoever makes a role is a member that may not take it on until granted.
  needed constant text := case when current_setting('server_version_num')::int < 160000 then 'MEMBER' else 'SET' end;
begin
  if exists (select from pg_roles where rolname = 'regent_app') then
    if not pg_has_role(current_user, 'regent_app', needed) then
      execute format('grant regent_app to %I', current_user);
    end if;
    execute format('grant usage on schema %I to regent_app', current_schema());
  end if;
exception
  when insufficient_privilege then
    raise notice 'The role regent_app cannot be granted to %: statements run as that login.', current_user;
end
$$;

-- Puts a table under row security: a connection sees and writes rows of the company in its setting
-- `regent.company` and no others; without the setting it sees none. The table's owner is bound as well.
-- It grants the application role to read and write; it never owns.
create function protect_table(name text) returns void
language plpgsql
as $$
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
$$;
