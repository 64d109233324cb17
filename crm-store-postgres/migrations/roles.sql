-- Roles belong to the whole cluster, not to a database: this runs before every migration and changes nothing that is
-- right already. No passwords here; give the login roles one, or another way to sign in, when deploying.
--
--   crm_owner   owns schema and tables; nobody signs in as it
--   crm_app     what the program signs in as: reads and writes rows, bound by row security
--   crm_worker  sees of every organization's jobs whose they are and when they are due, nothing else. crm_app may take
--               this role for one statement, and must not inherit it. (On Citus, let it log in: nodes connect as it.)
do $$
declare
    role text;
begin
    foreach role in array array['crm_owner nologin', 'crm_worker nologin', 'crm_app login noinherit'] loop
        begin
            if not exists (select 1 from pg_roles where rolname = split_part(role, ' ', 1)) then
                execute 'create role ' || role;
            end if;
        exception
            -- Another database of the cluster is being migrated at this moment.
            when duplicate_object or unique_violation then null;
        end;
    end loop;
    if exists (select 1 from pg_roles where rolname = 'crm_app' and rolinherit) then
        alter role crm_app noinherit;
    end if;
    if not pg_has_role(current_user, 'crm_owner', 'member') then
        execute format('grant crm_owner to %I', current_user);
    end if;
    if not pg_has_role('crm_app', 'crm_worker', 'member') then
        if current_setting('server_version_num')::int >= 160000 then
            execute 'grant crm_worker to crm_app with inherit false, set true';
        else
            grant crm_worker to crm_app;
        end if;
    end if;
end
$$;

create schema if not exists crm authorization crm_owner;
