-- Organizations, and who works in them. How a table is written: README.md beside this file.

-- The tenant itself: its identifier is that of its organization, so that all other tables can refer to it by one column.
create table crm.organization (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    slug text collate "C" not null,
    name text collate "C" not null,
    default_currency text collate "C" not null,
    time_zone text collate "C" not null,
    region text collate "C",
    constraint organization_pkey primary key (organization_id),
    constraint organization_is_its_own_tenant check (id = organization_id)
);
alter table crm.organization enable row level security;
alter table crm.organization force row level security;
create policy organization_of_organization on crm.organization to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.organization to crm_app;

-- Which organization has a slug. Looked up before the organization is known, so it belongs to none of them: one of the
-- few tables of the global plane (on Citus a reference table, hence without a foreign key).
create table crm.organization_slug (
    slug text collate "C" not null,
    organization uuid not null,
    constraint organization_slug_pkey primary key (slug)
);
alter table crm.organization_slug enable row level security;
alter table crm.organization_slug force row level security;
create policy organization_slug_is_public on crm.organization_slug for select to crm_app using (true);
create policy organization_slug_is_own on crm.organization_slug for insert to crm_app
    with check (organization = current_setting('app.org_id')::uuid);
grant select, insert on crm.organization_slug to crm_app;

create table crm.custom_role (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    name text collate "C" not null,
    permissions jsonb not null,
    reach text collate "C" not null,
    constraint custom_role_pkey primary key (organization_id, id),
    constraint custom_role_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id),
    constraint custom_role_reach_check check (reach in ('own', 'team', 'subtree', 'all')),
    constraint custom_role_name unique (organization_id, name)
);
alter table crm.custom_role enable row level security;
alter table crm.custom_role force row level security;
create policy custom_role_of_organization on crm.custom_role to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.custom_role to crm_app;

create table crm.member (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    name text collate "C" not null,
    email text collate "C" not null,
    email_key text collate "C" not null,
    role text collate "C" not null,
    custom_role_id uuid,
    active boolean not null,
    constraint member_pkey primary key (organization_id, id),
    constraint member_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id),
    constraint member_role_check check (role in ('owner', 'admin', 'manager', 'sales_rep', 'marketing', 'viewer')),
    constraint member_email_key unique (organization_id, email_key),
    constraint member_custom_role_id_fkey foreign key (organization_id, custom_role_id) references crm.custom_role (organization_id, id)
);
create index member_by_custom_role_id on crm.member (organization_id, custom_role_id, id);
alter table crm.member enable row level security;
alter table crm.member force row level security;
create policy member_of_organization on crm.member to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.member to crm_app;

create table crm.team (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    name text collate "C" not null,
    parent_id uuid,
    constraint team_pkey primary key (organization_id, id),
    constraint team_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id),
    constraint team_name unique (organization_id, name),
    constraint team_parent_id_fkey foreign key (organization_id, parent_id) references crm.team (organization_id, id)
);
create index team_by_parent_id on crm.team (organization_id, parent_id, id);
alter table crm.team enable row level security;
alter table crm.team force row level security;
create policy team_of_organization on crm.team to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.team to crm_app;

create table crm.team_member (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    team_id uuid not null,
    member_id uuid not null,
    constraint team_member_pkey primary key (organization_id, id),
    constraint team_member_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id),
    constraint team_member_pair unique (organization_id, team_id, member_id),
    constraint team_member_team_id_fkey foreign key (organization_id, team_id) references crm.team (organization_id, id),
    constraint team_member_member_id_fkey foreign key (organization_id, member_id) references crm.member (organization_id, id)
);
create index team_member_by_member_id on crm.team_member (organization_id, member_id, id);
alter table crm.team_member enable row level security;
alter table crm.team_member force row level security;
create policy team_member_of_organization on crm.team_member to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.team_member to crm_app;
