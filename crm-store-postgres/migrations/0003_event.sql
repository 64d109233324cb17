-- What happened. Rows are added and read, never changed and never removed by the program.

create table crm.event (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    name text collate "C" not null,
    entity text collate "C" not null,
    record_id uuid not null,
    record_version bigint not null,
    occurred_at timestamptz not null,
    actor jsonb not null,
    cause_id uuid,
    correlation_id uuid not null,
    data jsonb,
    constraint event_pkey primary key (organization_id, id),
    constraint event_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id)
);
-- In the order of feeds, so that the newest page of a record's events is read from the index alone.
create index event_by_record_id on crm.event (organization_id, record_id, occurred_at, id);
alter table crm.event enable row level security;
alter table crm.event force row level security;
create policy event_of_organization on crm.event to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert on crm.event to crm_app;
