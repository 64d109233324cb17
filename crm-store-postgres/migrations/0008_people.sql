-- Companies and people.

create table crm.account (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    name text collate "C" not null,
    parent_id uuid,
    website text collate "C",
    phone jsonb,
    industry text collate "C",
    employee_count bigint,
    annual_revenue_minor bigint,
    revenue_currency text collate "C",
    city text collate "C",
    country text collate "C",
    status text collate "C" not null,
    owner_id uuid,
    source text collate "C",
    tags jsonb not null,
    custom jsonb not null,
    note text collate "C",
    constraint account_pkey primary key (organization_id, id),
    constraint account_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id),
    constraint account_status_check check (status in ('prospect', 'active', 'inactive')),
    constraint account_parent_id_fkey foreign key (organization_id, parent_id) references crm.account (organization_id, id),
    constraint account_owner_id_fkey foreign key (organization_id, owner_id) references crm.member (organization_id, id)
);
create index account_by_name on crm.account (organization_id, name, id);
create index account_by_parent_id on crm.account (organization_id, parent_id, id);
create index account_by_owner_id on crm.account (organization_id, owner_id, id);
alter table crm.account enable row level security;
alter table crm.account force row level security;
create policy account_of_organization on crm.account to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.account to crm_app;

create table crm.account_domain (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    account_id uuid not null,
    domain text collate "C" not null,
    constraint account_domain_pkey primary key (organization_id, id),
    constraint account_domain_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id),
    constraint account_domain_domain unique (organization_id, domain),
    constraint account_domain_account_id_fkey foreign key (organization_id, account_id) references crm.account (organization_id, id)
);
create index account_domain_by_account_id on crm.account_domain (organization_id, account_id, id);
alter table crm.account_domain enable row level security;
alter table crm.account_domain force row level security;
create policy account_domain_of_organization on crm.account_domain to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.account_domain to crm_app;

create table crm.contact (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    first_name text collate "C",
    last_name text collate "C",
    job_title text collate "C",
    department text collate "C",
    account_id uuid,
    city text collate "C",
    country text collate "C",
    owner_id uuid,
    source text collate "C",
    campaign text collate "C",
    do_not_email boolean not null,
    do_not_call boolean not null,
    tags jsonb not null,
    custom jsonb not null,
    note text collate "C",
    constraint contact_pkey primary key (organization_id, id),
    constraint contact_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id),
    constraint contact_account_id_fkey foreign key (organization_id, account_id) references crm.account (organization_id, id),
    constraint contact_owner_id_fkey foreign key (organization_id, owner_id) references crm.member (organization_id, id)
);
create index contact_by_account_id on crm.contact (organization_id, account_id, id);
create index contact_by_owner_id on crm.contact (organization_id, owner_id, id);
alter table crm.contact enable row level security;
alter table crm.contact force row level security;
create policy contact_of_organization on crm.contact to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.contact to crm_app;

create table crm.contact_point (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    contact_id uuid not null,
    kind text collate "C" not null,
    key text collate "C" not null,
    value jsonb not null,
    label text collate "C",
    primary_for text collate "C",
    opted_out boolean not null,
    invalid boolean not null,
    constraint contact_point_pkey primary key (organization_id, id),
    constraint contact_point_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id),
    constraint contact_point_kind_check check (kind in ('email', 'phone')),
    constraint contact_point_primary_for_check check (primary_for in ('email', 'phone')),
    constraint contact_point_value unique (organization_id, contact_id, kind, key),
    constraint contact_point_primary unique (organization_id, contact_id, primary_for),
    constraint contact_point_contact_id_fkey foreign key (organization_id, contact_id) references crm.contact (organization_id, id)
);
alter table crm.contact_point enable row level security;
alter table crm.contact_point force row level security;
create policy contact_point_of_organization on crm.contact_point to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.contact_point to crm_app;
