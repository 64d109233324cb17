-- Payments that were taken back: what events tell of them, each kept once, and what is withheld for them. Of what is there
-- already nothing is withheld.

alter table crm.provider_event add column reversal jsonb;

alter table crm.billing_account add column withholdings jsonb not null default '[]';
alter table crm.billing_account alter column withholdings drop default;
alter table crm.billing_account add column access_restored_at timestamptz;

create table crm.reversed_payment (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    provider text collate "C" not null,
    event_id text collate "C" not null,
    customer_id text collate "C" not null,
    reversal jsonb not null,
    effect text collate "C" not null,
    constraint reversed_payment_pkey primary key (organization_id, id),
    constraint reversed_payment_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id),
    constraint reversed_payment_identity unique (organization_id, provider, event_id)
);
alter table crm.reversed_payment enable row level security;
alter table crm.reversed_payment force row level security;
create policy reversed_payment_of_organization on crm.reversed_payment to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.reversed_payment to crm_app;
