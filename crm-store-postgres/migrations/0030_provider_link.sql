-- Which organization has an account at a provider: looked up before the organization is known, when the provider tells of
-- something. One of the few tables of the global plane (on Citus a reference table, hence without a foreign key).

create table crm.provider_link (
    provider text collate "C" not null,
    external_id text collate "C" not null,
    organization uuid not null,
    constraint provider_link_pkey primary key (provider, external_id)
);
alter table crm.provider_link enable row level security;
alter table crm.provider_link force row level security;
create policy provider_link_is_public on crm.provider_link for select to crm_app using (true);
create policy provider_link_is_own on crm.provider_link for insert to crm_app
    with check (organization = current_setting('app.org_id')::uuid);
create policy provider_link_goes_by_its_own on crm.provider_link for delete to crm_app
    using (organization = current_setting('app.org_id')::uuid);
grant select, insert, delete on crm.provider_link to crm_app;
