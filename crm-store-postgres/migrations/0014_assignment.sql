-- Who gets which leads: rules, turns taken, who is away, and leads that wait.

create table crm.assignment_rule (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    name text collate "C" not null,
    active boolean not null,
    position bigint not null,
    condition jsonb,
    members jsonb not null,
    constraint assignment_rule_pkey primary key (organization_id, id),
    constraint assignment_rule_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id)
);
alter table crm.assignment_rule enable row level security;
alter table crm.assignment_rule force row level security;
create policy assignment_rule_of_organization on crm.assignment_rule to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.assignment_rule to crm_app;

create table crm.rotation (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    rule_id uuid not null,
    turns jsonb not null,
    level jsonb not null,
    constraint rotation_pkey primary key (organization_id, id),
    constraint rotation_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id),
    constraint rotation_rule_id unique (organization_id, rule_id),
    constraint rotation_rule_id_fkey foreign key (organization_id, rule_id) references crm.assignment_rule (organization_id, id)
);
alter table crm.rotation enable row level security;
alter table crm.rotation force row level security;
create policy rotation_of_organization on crm.rotation to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.rotation to crm_app;

create table crm.availability (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    member_id uuid not null,
    away_until timestamptz,
    open_lead_cap bigint,
    constraint availability_pkey primary key (organization_id, id),
    constraint availability_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id),
    constraint availability_member_id unique (organization_id, member_id),
    constraint availability_member_id_fkey foreign key (organization_id, member_id) references crm.member (organization_id, id)
);
alter table crm.availability enable row level security;
alter table crm.availability force row level security;
create policy availability_of_organization on crm.availability to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.availability to crm_app;

create table crm.waiting_lead (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    lead_id uuid not null,
    rule_id uuid not null,
    since timestamptz not null,
    constraint waiting_lead_pkey primary key (organization_id, id),
    constraint waiting_lead_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id),
    constraint waiting_lead_lead_id unique (organization_id, lead_id)
);
create index waiting_lead_by_since on crm.waiting_lead (organization_id, since, id);
alter table crm.waiting_lead enable row level security;
alter table crm.waiting_lead force row level security;
create policy waiting_lead_of_organization on crm.waiting_lead to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.waiting_lead to crm_app;
