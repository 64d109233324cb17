-- What leads were converted into, and where their custom values go.

create table crm.conversion (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    lead_id uuid not null,
    contact_id uuid,
    account_id uuid,
    opportunity_id uuid,
    command_key text collate "C",
    converted_at timestamptz not null,
    constraint conversion_pkey primary key (organization_id, id),
    constraint conversion_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id),
    constraint conversion_lead_id unique (organization_id, lead_id),
    constraint conversion_lead_id_fkey foreign key (organization_id, lead_id) references crm.lead (organization_id, id),
    constraint conversion_contact_id_fkey foreign key (organization_id, contact_id) references crm.contact (organization_id, id),
    constraint conversion_account_id_fkey foreign key (organization_id, account_id) references crm.account (organization_id, id),
    constraint conversion_opportunity_id_fkey foreign key (organization_id, opportunity_id) references crm.opportunity (organization_id, id)
);
create index conversion_by_contact_id on crm.conversion (organization_id, contact_id, id);
create index conversion_by_account_id on crm.conversion (organization_id, account_id, id);
create index conversion_by_opportunity_id on crm.conversion (organization_id, opportunity_id, id);
alter table crm.conversion enable row level security;
alter table crm.conversion force row level security;
create policy conversion_of_organization on crm.conversion to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.conversion to crm_app;

create table crm.conversion_mapping (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    source text collate "C" not null,
    rules jsonb not null,
    constraint conversion_mapping_pkey primary key (organization_id, id),
    constraint conversion_mapping_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id),
    constraint conversion_mapping_source_check check (source in ('lead', 'contact', 'account', 'opportunity')),
    constraint conversion_mapping_source unique (organization_id, source)
);
alter table crm.conversion_mapping enable row level security;
alter table crm.conversion_mapping force row level security;
create policy conversion_mapping_of_organization on crm.conversion_mapping to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.conversion_mapping to crm_app;
