-- Submissions that were taken, so that each is taken once.

create table crm.capture (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    source text collate "C" not null,
    external_id text collate "C" not null,
    record_kind text collate "C" not null,
    record_id uuid not null,
    captured_at timestamptz not null,
    constraint capture_pkey primary key (organization_id, id),
    constraint capture_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id),
    constraint capture_record_kind_check check (record_kind in ('lead', 'contact', 'account', 'opportunity')),
    constraint capture_external_id unique (organization_id, source, external_id)
);
create index capture_by_external_id on crm.capture (organization_id, external_id, id);
create index capture_by_record_id on crm.capture (organization_id, record_id, id);
alter table crm.capture enable row level security;
alter table crm.capture force row level security;
create policy capture_of_organization on crm.capture to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.capture to crm_app;
