-- The fields that a tenant adds to its records, and the values of which each may stand once.

create table crm.custom_field (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    record_kind text collate "C" not null,
    key text collate "C" not null,
    label text collate "C" not null,
    holds jsonb not null,
    required boolean not null,
    "unique" boolean not null,
    filterable boolean not null,
    constraint custom_field_pkey primary key (organization_id, id),
    constraint custom_field_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id),
    constraint custom_field_record_kind_check check (record_kind in ('lead', 'contact', 'account', 'opportunity')),
    constraint custom_field_key unique (organization_id, record_kind, key)
);
alter table crm.custom_field enable row level security;
alter table crm.custom_field force row level security;
create policy custom_field_of_organization on crm.custom_field to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.custom_field to crm_app;

create table crm.custom_unique (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    record_kind text collate "C" not null,
    record_id uuid not null,
    key text collate "C" not null,
    value text collate "C" not null,
    constraint custom_unique_pkey primary key (organization_id, id),
    constraint custom_unique_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id),
    constraint custom_unique_record_kind_check check (record_kind in ('lead', 'contact', 'account', 'opportunity')),
    constraint custom_unique_value unique (organization_id, record_kind, key, value)
);
create index custom_unique_by_record_id on crm.custom_unique (organization_id, record_id, id);
create index custom_unique_by_value on crm.custom_unique (organization_id, value, id);
alter table crm.custom_unique enable row level security;
alter table crm.custom_unique force row level security;
create policy custom_unique_of_organization on crm.custom_unique to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.custom_unique to crm_app;
