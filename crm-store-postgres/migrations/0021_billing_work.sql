-- What billing counts, says and asks: revenue, notices, usage, and requests to the provider before they are sent.

create table crm.revenue_fact (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    subscription_id text collate "C" not null,
    movement text collate "C" not null,
    before_minor bigint not null,
    after_minor bigint not null,
    currency text collate "C" not null,
    occurred_at timestamptz not null,
    constraint revenue_fact_pkey primary key (organization_id, id),
    constraint revenue_fact_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id),
    constraint revenue_fact_movement_check check (movement in ('new', 'expansion', 'contraction', 'churn'))
);
create index revenue_fact_by_occurred_at on crm.revenue_fact (organization_id, occurred_at, id);
alter table crm.revenue_fact enable row level security;
alter table crm.revenue_fact force row level security;
create policy revenue_fact_of_organization on crm.revenue_fact to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.revenue_fact to crm_app;

create table crm.billing_notice (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    subject_id text collate "C" not null,
    subscription_id text collate "C" not null,
    kind text collate "C" not null,
    attempt bigint not null,
    due_at timestamptz not null,
    constraint billing_notice_pkey primary key (organization_id, id),
    constraint billing_notice_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id),
    constraint billing_notice_kind_check check (kind in ('payment_failed', 'final_notice', 'grace_ending', 'read_only', 'suspended', 'recovered', 'trial_ending', 'trial_ended')),
    constraint billing_notice_once unique (organization_id, subject_id, kind, attempt)
);
create index billing_notice_by_subject_id on crm.billing_notice (organization_id, subject_id, id);
alter table crm.billing_notice enable row level security;
alter table crm.billing_notice force row level security;
create policy billing_notice_of_organization on crm.billing_notice to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.billing_notice to crm_app;

create table crm.usage_counter (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    meter text collate "C" not null,
    period_start timestamptz not null,
    used bigint not null,
    constraint usage_counter_pkey primary key (organization_id, id),
    constraint usage_counter_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id),
    constraint usage_counter_meter_check check (meter in ('contacts', 'messages', 'emails', 'seats', 'api_calls')),
    constraint usage_counter_period unique (organization_id, meter, period_start)
);
alter table crm.usage_counter enable row level security;
alter table crm.usage_counter force row level security;
create policy usage_counter_of_organization on crm.usage_counter to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.usage_counter to crm_app;

create table crm.usage_record (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    meter text collate "C" not null,
    usage_key text collate "C" not null,
    quantity bigint not null,
    occurred_at timestamptz not null,
    reported boolean not null,
    constraint usage_record_pkey primary key (organization_id, id),
    constraint usage_record_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id),
    constraint usage_record_meter_check check (meter in ('contacts', 'messages', 'emails', 'seats', 'api_calls')),
    constraint usage_record_usage_key unique (organization_id, meter, usage_key)
);
create index usage_record_by_reported on crm.usage_record (organization_id, reported, id);
create index usage_record_by_usage_key on crm.usage_record (organization_id, usage_key, id);
alter table crm.usage_record enable row level security;
alter table crm.usage_record force row level security;
create policy usage_record_of_organization on crm.usage_record to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.usage_record to crm_app;

create table crm.usage_limit (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    meter text collate "C" not null,
    soft bigint,
    hard bigint,
    constraint usage_limit_pkey primary key (organization_id, id),
    constraint usage_limit_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id),
    constraint usage_limit_meter_check check (meter in ('contacts', 'messages', 'emails', 'seats', 'api_calls')),
    constraint usage_limit_meter unique (organization_id, meter)
);
alter table crm.usage_limit enable row level security;
alter table crm.usage_limit force row level security;
create policy usage_limit_of_organization on crm.usage_limit to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.usage_limit to crm_app;

create table crm.usage_warning (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    meter text collate "C" not null,
    period_start timestamptz not null,
    limit_value bigint not null,
    threshold bigint not null,
    constraint usage_warning_pkey primary key (organization_id, id),
    constraint usage_warning_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id),
    constraint usage_warning_meter_check check (meter in ('contacts', 'messages', 'emails', 'seats', 'api_calls')),
    constraint usage_warning_once unique (organization_id, meter, period_start, limit_value, threshold)
);
alter table crm.usage_warning enable row level security;
alter table crm.usage_warning force row level security;
create policy usage_warning_of_organization on crm.usage_warning to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.usage_warning to crm_app;

create table crm.billing_command (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    kind text collate "C" not null,
    subject text collate "C" not null,
    request jsonb,
    idempotency_key text collate "C" not null,
    state text collate "C" not null,
    result_id text collate "C",
    constraint billing_command_pkey primary key (organization_id, id),
    constraint billing_command_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id),
    constraint billing_command_kind_check check (kind in ('create_customer', 'open_checkout', 'open_portal', 'change_subscription', 'cancel_subscription')),
    constraint billing_command_state_check check (state in ('open', 'done', 'refused')),
    constraint billing_command_idempotency_key unique (organization_id, idempotency_key)
);
create index billing_command_by_subject on crm.billing_command (organization_id, subject, id);
alter table crm.billing_command enable row level security;
alter table crm.billing_command force row level security;
create policy billing_command_of_organization on crm.billing_command to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.billing_command to crm_app;
