-- Pipelines and their stages, reasons to close deals with, deals and who has a part in them, and forecast overrides.

create table crm.pipeline (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    name text collate "C" not null,
    position bigint not null,
    active boolean not null,
    constraint pipeline_pkey primary key (organization_id, id),
    constraint pipeline_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id),
    constraint pipeline_name unique (organization_id, name)
);
alter table crm.pipeline enable row level security;
alter table crm.pipeline force row level security;
create policy pipeline_of_organization on crm.pipeline to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.pipeline to crm_app;

create table crm.stage (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    pipeline_id uuid not null,
    name text collate "C" not null,
    position bigint not null,
    probability bigint not null,
    kind text collate "C" not null,
    forecast_category text collate "C" not null,
    rot_after_days bigint,
    guard jsonb not null,
    constraint stage_pkey primary key (organization_id, id),
    constraint stage_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id),
    constraint stage_probability_check check (probability between 0 and 100),
    constraint stage_kind_check check (kind in ('open', 'won', 'lost')),
    constraint stage_forecast_category_check check (forecast_category in ('pipeline', 'best_case', 'commit', 'closed', 'omitted')),
    constraint stage_name unique (organization_id, pipeline_id, name),
    constraint stage_pipeline_id_fkey foreign key (organization_id, pipeline_id) references crm.pipeline (organization_id, id)
);
create index stage_pipeline_id on crm.stage (organization_id, pipeline_id, id);
alter table crm.stage enable row level security;
alter table crm.stage force row level security;
create policy stage_of_organization on crm.stage to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.stage to crm_app;

create table crm.close_reason (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    kind text collate "C" not null,
    name text collate "C" not null,
    active boolean not null,
    constraint close_reason_pkey primary key (organization_id, id),
    constraint close_reason_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id),
    constraint close_reason_kind_check check (kind in ('won', 'lost')),
    constraint close_reason_name unique (organization_id, kind, name)
);
alter table crm.close_reason enable row level security;
alter table crm.close_reason force row level security;
create policy close_reason_of_organization on crm.close_reason to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.close_reason to crm_app;

create table crm.opportunity (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    name text collate "C" not null,
    account_id uuid,
    primary_contact_id uuid,
    pipeline_id uuid not null,
    stage_id uuid not null,
    status text collate "C" not null,
    amount_minor bigint not null,
    currency text collate "C" not null,
    probability bigint not null,
    expected_close date,
    closed_at timestamptz,
    owner_id uuid,
    source text collate "C",
    campaign text collate "C",
    close_reason_id uuid,
    close_note text collate "C",
    next_step text collate "C",
    next_step_on date,
    stage_entered_at timestamptz not null,
    last_touch_at timestamptz,
    last_open_stage_id uuid,
    forecast_category text collate "C" not null,
    ticked jsonb not null,
    tags jsonb not null,
    custom jsonb not null,
    note text collate "C",
    lead_id uuid,
    constraint opportunity_pkey primary key (organization_id, id),
    constraint opportunity_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id),
    constraint opportunity_status_check check (status in ('open', 'won', 'lost')),
    constraint opportunity_amount_minor_check check (amount_minor >= 0),
    constraint opportunity_probability_check check (probability between 0 and 100),
    constraint opportunity_forecast_category_check check (forecast_category in ('pipeline', 'best_case', 'commit', 'closed', 'omitted')),
    constraint opportunity_account_id_fkey foreign key (organization_id, account_id) references crm.account (organization_id, id),
    constraint opportunity_primary_contact_id_fkey foreign key (organization_id, primary_contact_id) references crm.contact (organization_id, id),
    constraint opportunity_pipeline_id_fkey foreign key (organization_id, pipeline_id) references crm.pipeline (organization_id, id),
    constraint opportunity_stage_id_fkey foreign key (organization_id, stage_id) references crm.stage (organization_id, id),
    constraint opportunity_owner_id_fkey foreign key (organization_id, owner_id) references crm.member (organization_id, id),
    constraint opportunity_close_reason_id_fkey foreign key (organization_id, close_reason_id) references crm.close_reason (organization_id, id),
    constraint opportunity_last_open_stage_id_fkey foreign key (organization_id, last_open_stage_id) references crm.stage (organization_id, id),
    constraint opportunity_lead_id_fkey foreign key (organization_id, lead_id) references crm.lead (organization_id, id)
);
create index opportunity_account_id on crm.opportunity (organization_id, account_id, id);
create index opportunity_primary_contact_id on crm.opportunity (organization_id, primary_contact_id, id);
create index opportunity_pipeline_id on crm.opportunity (organization_id, pipeline_id, id);
create index opportunity_stage_id on crm.opportunity (organization_id, stage_id, id);
create index opportunity_status on crm.opportunity (organization_id, status, id);
create index opportunity_expected_close on crm.opportunity (organization_id, expected_close, id);
create index opportunity_closed_at on crm.opportunity (organization_id, closed_at, id);
create index opportunity_owner_id on crm.opportunity (organization_id, owner_id, id);
create index opportunity_close_reason_id on crm.opportunity (organization_id, close_reason_id, id);
create index opportunity_last_open_stage_id on crm.opportunity (organization_id, last_open_stage_id, id);
create index opportunity_lead_id on crm.opportunity (organization_id, lead_id, id);
alter table crm.opportunity enable row level security;
alter table crm.opportunity force row level security;
create policy opportunity_of_organization on crm.opportunity to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.opportunity to crm_app;

create table crm.opportunity_contact (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    opportunity_id uuid not null,
    contact_id uuid not null,
    role text collate "C" not null,
    constraint opportunity_contact_pkey primary key (organization_id, id),
    constraint opportunity_contact_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id),
    constraint opportunity_contact_role_check check (role in ('decision_maker', 'champion', 'influencer', 'blocker', 'user', 'other')),
    constraint opportunity_contact_pair unique (organization_id, opportunity_id, contact_id),
    constraint opportunity_contact_opportunity_id_fkey foreign key (organization_id, opportunity_id) references crm.opportunity (organization_id, id),
    constraint opportunity_contact_contact_id_fkey foreign key (organization_id, contact_id) references crm.contact (organization_id, id)
);
create index opportunity_contact_opportunity_id on crm.opportunity_contact (organization_id, opportunity_id, id);
create index opportunity_contact_contact_id on crm.opportunity_contact (organization_id, contact_id, id);
alter table crm.opportunity_contact enable row level security;
alter table crm.opportunity_contact force row level security;
create policy opportunity_contact_of_organization on crm.opportunity_contact to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.opportunity_contact to crm_app;

create table crm.forecast_override (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    owner_id uuid not null,
    period date not null,
    category text collate "C" not null,
    amount_minor bigint not null,
    currency text collate "C" not null,
    note text collate "C",
    constraint forecast_override_pkey primary key (organization_id, id),
    constraint forecast_override_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id),
    constraint forecast_override_category_check check (category in ('pipeline', 'best_case', 'commit', 'closed', 'omitted')),
    constraint forecast_override_amount_minor_check check (amount_minor >= 0),
    constraint forecast_override_place unique (organization_id, owner_id, period, category, currency),
    constraint forecast_override_owner_id_fkey foreign key (organization_id, owner_id) references crm.member (organization_id, id)
);
create index forecast_override_owner_id on crm.forecast_override (organization_id, owner_id, id);
create index forecast_override_period on crm.forecast_override (organization_id, period, id);
alter table crm.forecast_override enable row level security;
alter table crm.forecast_override force row level security;
create policy forecast_override_of_organization on crm.forecast_override to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.forecast_override to crm_app;
