-- What to do about matches, and pairs that a person should look at.

create table crm.duplicate_policy (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    source text collate "C",
    source_key text collate "C" not null,
    certainty text collate "C" not null,
    action text collate "C" not null,
    constraint duplicate_policy_pkey primary key (organization_id, id),
    constraint duplicate_policy_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id),
    constraint duplicate_policy_certainty_check check (certainty in ('possible', 'likely', 'certain')),
    constraint duplicate_policy_action_check check (action in ('block', 'warn', 'allow_and_flag', 'link', 'merge')),
    constraint duplicate_policy_case unique (organization_id, source_key, certainty)
);
alter table crm.duplicate_policy enable row level security;
alter table crm.duplicate_policy force row level security;
create policy duplicate_policy_of_organization on crm.duplicate_policy to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.duplicate_policy to crm_app;

create table crm.duplicate_flag (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    record_kind text collate "C" not null,
    record_id uuid not null,
    other_kind text collate "C" not null,
    other_id uuid not null,
    confidence bigint not null,
    evidence jsonb not null,
    state text collate "C" not null,
    constraint duplicate_flag_pkey primary key (organization_id, id),
    constraint duplicate_flag_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id),
    constraint duplicate_flag_record_kind_check check (record_kind in ('lead', 'contact', 'account', 'opportunity')),
    constraint duplicate_flag_other_kind_check check (other_kind in ('lead', 'contact', 'account', 'opportunity')),
    constraint duplicate_flag_state_check check (state in ('open', 'dismissed', 'merged')),
    constraint duplicate_flag_pair unique (organization_id, record_id, other_id)
);
create index duplicate_flag_by_record_id on crm.duplicate_flag (organization_id, record_id, id);
create index duplicate_flag_by_other_id on crm.duplicate_flag (organization_id, other_id, id);
create index duplicate_flag_by_state on crm.duplicate_flag (organization_id, state, id);
alter table crm.duplicate_flag enable row level security;
alter table crm.duplicate_flag force row level security;
create policy duplicate_flag_of_organization on crm.duplicate_flag to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.duplicate_flag to crm_app;
