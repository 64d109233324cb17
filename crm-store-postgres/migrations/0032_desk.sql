-- What the desk of the inbox works with: opening hours, canned replies, bulk sendings.

-- When a business is open.
create table crm.business_calendar (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    name text collate "C" not null,
    time_zone text collate "C" not null,
    week jsonb not null,
    days_off jsonb not null,
    constraint business_calendar_pkey primary key (organization_id, id),
    constraint business_calendar_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id),
    constraint business_calendar_name unique (organization_id, name)
);
alter table crm.business_calendar enable row level security;
alter table crm.business_calendar force row level security;
create policy business_calendar_of_organization on crm.business_calendar to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.business_calendar to crm_app;

-- Replies that are written once.
create table crm.canned_reply (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    shortcut text collate "C" not null,
    text text collate "C" not null,
    constraint canned_reply_pkey primary key (organization_id, id),
    constraint canned_reply_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id),
    constraint canned_reply_shortcut unique (organization_id, shortcut)
);
create index canned_reply_by_shortcut on crm.canned_reply (organization_id, shortcut, id);
alter table crm.canned_reply enable row level security;
alter table crm.canned_reply force row level security;
create policy canned_reply_of_organization on crm.canned_reply to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.canned_reply to crm_app;

-- One template for many.
create table crm.bulk_send (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    name text collate "C" not null,
    connection_id uuid not null,
    template jsonb not null,
    pace jsonb not null,
    state text collate "C" not null,
    pause_reason text collate "C",
    started_at timestamptz,
    ended_at timestamptz,
    sent_today bigint not null,
    day_began_at timestamptz,
    constraint bulk_send_pkey primary key (organization_id, id),
    constraint bulk_send_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id),
    constraint bulk_send_state_check check (state in ('draft', 'running', 'paused', 'completed', 'stopped')),
    constraint bulk_send_connection_id_fkey foreign key (organization_id, connection_id) references crm.connection (organization_id, id)
);
create index bulk_send_by_connection_id on crm.bulk_send (organization_id, connection_id, id);
alter table crm.bulk_send enable row level security;
alter table crm.bulk_send force row level security;
create policy bulk_send_of_organization on crm.bulk_send to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.bulk_send to crm_app;

-- Whom it goes to, each with exactly one outcome.
create table crm.bulk_recipient (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    bulk_send_id uuid not null,
    address text collate "C" not null,
    name text collate "C",
    lead_id uuid,
    consented_at timestamptz,
    state text collate "C" not null,
    reason text collate "C",
    message_id uuid,
    settled_at timestamptz,
    constraint bulk_recipient_pkey primary key (organization_id, id),
    constraint bulk_recipient_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id),
    constraint bulk_recipient_state_check check (state in ('waiting', 'queued', 'skipped')),
    constraint bulk_recipient_address unique (organization_id, bulk_send_id, address),
    constraint bulk_recipient_bulk_send_id_fkey foreign key (organization_id, bulk_send_id) references crm.bulk_send (organization_id, id)
);
create index bulk_recipient_by_bulk_send_id on crm.bulk_recipient (organization_id, bulk_send_id, id);
alter table crm.bulk_recipient enable row level security;
alter table crm.bulk_recipient force row level security;
create policy bulk_recipient_of_organization on crm.bulk_recipient to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.bulk_recipient to crm_app;
