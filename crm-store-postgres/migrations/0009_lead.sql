-- Prospects, the tenant's own names for their states, and how records were touched.

create table crm.lead (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    first_name text collate "C",
    last_name text collate "C",
    company text collate "C",
    job_title text collate "C",
    email text collate "C",
    other_emails jsonb not null,
    phone jsonb,
    other_phones jsonb not null,
    website text collate "C",
    industry text collate "C",
    employee_count bigint,
    city text collate "C",
    country text collate "C",
    source text collate "C",
    campaign text collate "C",
    status text collate "C" not null,
    status_label text collate "C",
    unqualified_reason text collate "C",
    owner_id uuid,
    score bigint not null,
    scored_at timestamptz,
    tags jsonb not null,
    custom jsonb not null,
    note text collate "C",
    converted_at timestamptz,
    constraint lead_pkey primary key (organization_id, id),
    constraint lead_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id),
    constraint lead_status_check check (status in ('new', 'contacted', 'qualified', 'unqualified', 'converted')),
    constraint lead_owner_id_fkey foreign key (organization_id, owner_id) references crm.member (organization_id, id)
);
create index lead_by_status on crm.lead (organization_id, status, id);
create index lead_by_owner_id on crm.lead (organization_id, owner_id, id);
create index lead_by_score on crm.lead (organization_id, score, id);
alter table crm.lead enable row level security;
alter table crm.lead force row level security;
create policy lead_of_organization on crm.lead to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.lead to crm_app;

create table crm.lead_status_label (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    label text collate "C" not null,
    status text collate "C" not null,
    constraint lead_status_label_pkey primary key (organization_id, id),
    constraint lead_status_label_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id),
    constraint lead_status_label_status_check check (status in ('new', 'contacted', 'qualified', 'unqualified')),
    constraint lead_status_label_label unique (organization_id, label)
);
alter table crm.lead_status_label enable row level security;
alter table crm.lead_status_label force row level security;
create policy lead_status_label_of_organization on crm.lead_status_label to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.lead_status_label to crm_app;

create table crm.touch (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    record_kind text collate "C" not null,
    record_id uuid not null,
    occurred_at timestamptz not null,
    details jsonb not null,
    constraint touch_pkey primary key (organization_id, id),
    constraint touch_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id),
    constraint touch_record_kind_check check (record_kind in ('lead', 'contact', 'account', 'opportunity'))
);
create index touch_by_record_id on crm.touch (organization_id, record_id, id);
alter table crm.touch enable row level security;
alter table crm.touch force row level security;
create policy touch_of_organization on crm.touch to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.touch to crm_app;
