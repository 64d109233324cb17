-- Signing in: passwords, sign-ins, keys for programs, invitations and resets.

create table crm.credential (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    member_id uuid not null,
    password_hash text collate "C" not null,
    failures bigint not null,
    locked_until timestamptz,
    totp jsonb,
    constraint credential_pkey primary key (organization_id, id),
    constraint credential_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id),
    constraint credential_member_id unique (organization_id, member_id),
    constraint credential_member_id_fkey foreign key (organization_id, member_id) references crm.member (organization_id, id)
);
alter table crm.credential enable row level security;
alter table crm.credential force row level security;
create policy credential_of_organization on crm.credential to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.credential to crm_app;

create table crm.sign_in (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    member_id uuid not null,
    token_hash text collate "C" not null,
    generation bigint not null,
    expires_at timestamptz not null,
    ended_at timestamptz,
    constraint sign_in_pkey primary key (organization_id, id),
    constraint sign_in_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id),
    constraint sign_in_member_id_fkey foreign key (organization_id, member_id) references crm.member (organization_id, id)
);
create index sign_in_by_member_id on crm.sign_in (organization_id, member_id, id);
alter table crm.sign_in enable row level security;
alter table crm.sign_in force row level security;
create policy sign_in_of_organization on crm.sign_in to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.sign_in to crm_app;

create table crm.api_key (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    member_id uuid not null,
    name text collate "C" not null,
    key_hash text collate "C" not null,
    scopes jsonb,
    expires_at timestamptz,
    revoked_at timestamptz,
    constraint api_key_pkey primary key (organization_id, id),
    constraint api_key_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id),
    constraint api_key_member_id_fkey foreign key (organization_id, member_id) references crm.member (organization_id, id)
);
create index api_key_by_member_id on crm.api_key (organization_id, member_id, id);
alter table crm.api_key enable row level security;
alter table crm.api_key force row level security;
create policy api_key_of_organization on crm.api_key to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.api_key to crm_app;

create table crm.invitation (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    email text collate "C" not null,
    role text collate "C" not null,
    custom_role_id uuid,
    token_hash text collate "C" not null,
    expires_at timestamptz not null,
    closed_at timestamptz,
    constraint invitation_pkey primary key (organization_id, id),
    constraint invitation_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id),
    constraint invitation_role_check check (role in ('owner', 'admin', 'manager', 'sales_rep', 'marketing', 'viewer')),
    constraint invitation_custom_role_id_fkey foreign key (organization_id, custom_role_id) references crm.custom_role (organization_id, id)
);
create index invitation_by_custom_role_id on crm.invitation (organization_id, custom_role_id, id);
alter table crm.invitation enable row level security;
alter table crm.invitation force row level security;
create policy invitation_of_organization on crm.invitation to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.invitation to crm_app;

create table crm.password_reset (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    member_id uuid not null,
    token_hash text collate "C" not null,
    expires_at timestamptz not null,
    used_at timestamptz,
    constraint password_reset_pkey primary key (organization_id, id),
    constraint password_reset_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id),
    constraint password_reset_member_id_fkey foreign key (organization_id, member_id) references crm.member (organization_id, id)
);
create index password_reset_by_member_id on crm.password_reset (organization_id, member_id, id);
alter table crm.password_reset enable row level security;
alter table crm.password_reset force row level security;
create policy password_reset_of_organization on crm.password_reset to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.password_reset to crm_app;
