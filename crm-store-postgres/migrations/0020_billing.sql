-- What organizations pay for: at the operator's desk, what was received, whose it is and what things cost; at each
-- organization, its account, subscriptions, invoices and payment methods.

create table crm.provider_event (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    provider text collate "C" not null,
    external_id text collate "C" not null,
    kind text collate "C" not null,
    occurred_at timestamptz not null,
    object jsonb,
    customer_id text collate "C",
    state text collate "C" not null,
    subscription jsonb,
    body text collate "C" not null,
    constraint provider_event_pkey primary key (organization_id, id),
    constraint provider_event_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id),
    constraint provider_event_state_check check (state in ('waiting', 'settled', 'unconcerned', 'orphaned')),
    constraint provider_event_identity unique (organization_id, provider, external_id)
);
create index provider_event_by_customer_id on crm.provider_event (organization_id, customer_id, id);
create index provider_event_by_external_id on crm.provider_event (organization_id, external_id, id);
create index provider_event_by_state on crm.provider_event (organization_id, state, id);
alter table crm.provider_event enable row level security;
alter table crm.provider_event force row level security;
create policy provider_event_of_organization on crm.provider_event to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.provider_event to crm_app;

-- The organization that a customer is is named without a foreign key: it is another tenant.
create table crm.billing_customer (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    customer_id text collate "C" not null,
    tenant_id uuid not null,
    fetch_seq bigint not null,
    synced_at timestamptz,
    access_changes_at timestamptz,
    drift bigint not null,
    constraint billing_customer_pkey primary key (organization_id, id),
    constraint billing_customer_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id),
    constraint billing_customer_customer_id unique (organization_id, customer_id)
);
create index billing_customer_by_access_changes_at on crm.billing_customer (organization_id, access_changes_at, id);
create index billing_customer_by_tenant_id on crm.billing_customer (organization_id, tenant_id, id);
alter table crm.billing_customer enable row level security;
alter table crm.billing_customer force row level security;
create policy billing_customer_of_organization on crm.billing_customer to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.billing_customer to crm_app;

create table crm.service_price (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    product text collate "C" not null,
    service text collate "C" not null,
    lookup_key text collate "C" not null,
    price_id text collate "C",
    amount_minor bigint not null,
    currency text collate "C" not null,
    interval text collate "C" not null,
    offered boolean not null,
    constraint service_price_pkey primary key (organization_id, id),
    constraint service_price_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id),
    constraint service_price_service_check check (service in ('basic_crm', 'lead_generation', 'email_automation', 'social_inbox', 'advanced_analytics', 'integrations', 'enterprise_features')),
    constraint service_price_interval_check check (interval in ('day', 'week', 'month', 'year')),
    constraint service_price_lookup_key unique (organization_id, lookup_key),
    constraint service_price_price_id unique (organization_id, price_id)
);
alter table crm.service_price enable row level security;
alter table crm.service_price force row level security;
create policy service_price_of_organization on crm.service_price to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.service_price to crm_app;

create table crm.billing_account (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    customers jsonb not null,
    entitlement_version bigint not null,
    trial_used_at timestamptz,
    constraint billing_account_pkey primary key (organization_id, id),
    constraint billing_account_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id)
);
alter table crm.billing_account enable row level security;
alter table crm.billing_account force row level security;
create policy billing_account_of_organization on crm.billing_account to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.billing_account to crm_app;

create table crm.subscription (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    external_id text collate "C" not null,
    customer_id text collate "C" not null,
    status text collate "C" not null,
    known_status text collate "C",
    truth jsonb not null,
    services jsonb not null,
    provisional boolean not null,
    observed_at timestamptz not null,
    constraint subscription_pkey primary key (organization_id, id),
    constraint subscription_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id),
    constraint subscription_external_id unique (organization_id, external_id)
);
alter table crm.subscription enable row level security;
alter table crm.subscription force row level security;
create policy subscription_of_organization on crm.subscription to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.subscription to crm_app;

create table crm.invoice (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    external_id text collate "C" not null,
    customer_id text collate "C" not null,
    subscription_id text collate "C",
    number text collate "C",
    status text collate "C" not null,
    currency text collate "C" not null,
    total_minor bigint not null,
    due_minor bigint not null,
    paid_minor bigint not null,
    issued_at timestamptz not null,
    due_at timestamptz,
    paid_at timestamptz,
    attempt_count bigint not null,
    next_payment_attempt timestamptz,
    hosted_url text collate "C",
    pdf_url text collate "C",
    lines jsonb not null,
    constraint invoice_pkey primary key (organization_id, id),
    constraint invoice_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id),
    constraint invoice_external_id unique (organization_id, external_id)
);
create index invoice_by_issued_at on crm.invoice (organization_id, issued_at, id);
alter table crm.invoice enable row level security;
alter table crm.invoice force row level security;
create policy invoice_of_organization on crm.invoice to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.invoice to crm_app;

create table crm.payment_method (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    external_id text collate "C" not null,
    customer_id text collate "C" not null,
    kind text collate "C" not null,
    brand text collate "C",
    last4 text collate "C",
    expiry_month bigint,
    expiry_year bigint,
    is_default boolean not null,
    constraint payment_method_pkey primary key (organization_id, id),
    constraint payment_method_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id),
    constraint payment_method_external_id unique (organization_id, external_id)
);
alter table crm.payment_method enable row level security;
alter table crm.payment_method force row level security;
create policy payment_method_of_organization on crm.payment_method to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.payment_method to crm_app;

create table crm.service_grant (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    service text collate "C" not null,
    until timestamptz,
    reason text collate "C" not null,
    constraint service_grant_pkey primary key (organization_id, id),
    constraint service_grant_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id),
    constraint service_grant_service_check check (service in ('basic_crm', 'lead_generation', 'email_automation', 'social_inbox', 'advanced_analytics', 'integrations', 'enterprise_features'))
);
alter table crm.service_grant enable row level security;
alter table crm.service_grant force row level security;
create policy service_grant_of_organization on crm.service_grant to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.service_grant to crm_app;
