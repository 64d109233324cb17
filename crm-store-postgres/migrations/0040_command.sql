-- Commands that may be repeated: their keys, and what was answered.

create table crm.command_key (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    principal text collate "C" not null,
    key text collate "C" not null,
    fingerprint text collate "C" not null,
    answer jsonb,
    expires_at timestamptz not null,
    constraint command_key_pkey primary key (organization_id, id),
    constraint command_key_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id),
    constraint command_key_principal_key unique (organization_id, principal, key)
);
create index command_key_by_expires_at on crm.command_key (organization_id, expires_at, id);
alter table crm.command_key enable row level security;
alter table crm.command_key force row level security;
create policy command_key_of_organization on crm.command_key to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.command_key to crm_app;
