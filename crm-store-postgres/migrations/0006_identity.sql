-- The keys that records are known by: addresses, numbers, domains, identifiers elsewhere, names.

create table crm.match_key (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    key text collate "C" not null,
    record_kind text collate "C" not null,
    record_id uuid not null,
    constraint match_key_pkey primary key (organization_id, id),
    constraint match_key_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id),
    constraint match_key_record_kind_check check (record_kind in ('lead', 'contact', 'account', 'opportunity'))
);
create index match_key_by_key on crm.match_key (organization_id, key, id);
create index match_key_by_record_id on crm.match_key (organization_id, record_id, id);
alter table crm.match_key enable row level security;
alter table crm.match_key force row level security;
create policy match_key_of_organization on crm.match_key to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.match_key to crm_app;
