-- Rules that score leads, what leads did, and which thresholds they are above.

create table crm.scoring_rule (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    name text collate "C" not null,
    active boolean not null,
    position bigint not null,
    criteria jsonb not null,
    group_caps jsonb not null,
    lowest bigint,
    highest bigint,
    decay jsonb,
    threshold jsonb,
    constraint scoring_rule_pkey primary key (organization_id, id),
    constraint scoring_rule_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id),
    constraint scoring_rule_name unique (organization_id, name)
);
alter table crm.scoring_rule enable row level security;
alter table crm.scoring_rule force row level security;
create policy scoring_rule_of_organization on crm.scoring_rule to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.scoring_rule to crm_app;

create table crm.engagement (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    lead_id uuid not null,
    kind text collate "C" not null,
    occurred_at timestamptz not null,
    source_key text collate "C",
    details jsonb,
    constraint engagement_pkey primary key (organization_id, id),
    constraint engagement_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id),
    constraint engagement_source_key unique (organization_id, source_key)
);
create index engagement_by_lead_id on crm.engagement (organization_id, lead_id, id);
alter table crm.engagement enable row level security;
alter table crm.engagement force row level security;
create policy engagement_of_organization on crm.engagement to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.engagement to crm_app;

create table crm.score_state (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    lead_id uuid not null,
    rule_id uuid not null,
    above boolean not null,
    crossed_at timestamptz not null,
    constraint score_state_pkey primary key (organization_id, id),
    constraint score_state_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id),
    constraint score_state_lead_rule unique (organization_id, lead_id, rule_id),
    constraint score_state_rule_id_fkey foreign key (organization_id, rule_id) references crm.scoring_rule (organization_id, id)
);
create index score_state_by_rule_id on crm.score_state (organization_id, rule_id, id);
alter table crm.score_state enable row level security;
alter table crm.score_state force row level security;
create policy score_state_of_organization on crm.score_state to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.score_state to crm_app;
