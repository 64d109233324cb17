-- Due work. The table is small and its rows live shortly, so it is vacuumed early.

create table crm.job (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    kind text collate "C" not null,
    payload jsonb,
    state text collate "C" not null,
    due_at timestamptz not null,
    unique_key text collate "C",
    attempts bigint not null,
    max_attempts bigint not null,
    token bigint not null,
    worker text collate "C",
    errors jsonb not null,
    constraint job_pkey primary key (organization_id, id),
    constraint job_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id),
    constraint job_state_check check (state in ('ready', 'leased', 'dead')),
    constraint job_unique_key unique (organization_id, unique_key)
);
create index job_by_due_at on crm.job (organization_id, due_at, id) include (state);
alter table crm.job set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02);
-- How many jobs an organization has changes faster than statistics do. Without any, the planner assumes that some have
-- many, and looks jobs up by their identifiers; with yesterday's it would read all of an organization's for each.
alter table crm.job alter column organization_id set statistics 0;
alter table crm.job enable row level security;
alter table crm.job force row level security;
create policy job_of_organization on crm.job to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.job to crm_app;

-- Which organizations have due work is asked across all of them, by a role that sees these three columns and no more.
create policy job_due_anywhere on crm.job for select to crm_worker using (true);
grant select (organization_id, due_at, state) on crm.job to crm_worker;
