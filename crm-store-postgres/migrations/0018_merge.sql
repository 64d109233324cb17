-- Where records went that were merged into others.

create table crm.redirect (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    record_kind text collate "C" not null,
    record_id uuid not null,
    survivor_id uuid not null,
    merged_at timestamptz not null,
    constraint redirect_pkey primary key (organization_id, id),
    constraint redirect_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id),
    constraint redirect_record_kind_check check (record_kind in ('lead', 'contact', 'account', 'opportunity')),
    constraint redirect_record_id unique (organization_id, record_id)
);
create index redirect_by_survivor_id on crm.redirect (organization_id, survivor_id, id);
alter table crm.redirect enable row level security;
alter table crm.redirect force row level security;
create policy redirect_of_organization on crm.redirect to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.redirect to crm_app;
