-- The social inbox: connections, participants, threads and messages. How a table is written: README.md beside this file.

-- Our accounts at the platforms. The token is sealed for its row and column.
create table crm.connection (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    platform text collate "C" not null,
    external_id text collate "C" not null,
    parent_id text collate "C",
    login text collate "C",
    name text collate "C" not null,
    handle text collate "C",
    status text collate "C" not null,
    status_reason text collate "C",
    scopes jsonb not null,
    token text collate "C",
    token_expires_at timestamptz,
    paused_until timestamptz,
    pause_reason text collate "C",
    settings jsonb not null,
    constraint connection_pkey primary key (organization_id, id),
    constraint connection_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id),
    constraint connection_status_check check (status in ('active', 'expired', 'disconnected')),
    constraint connection_external_id unique (organization_id, platform, external_id)
);
create index connection_by_external_id on crm.connection (organization_id, external_id, id);
create index connection_by_parent_id on crm.connection (organization_id, parent_id, id);
alter table crm.connection enable row level security;
alter table crm.connection force row level security;
create policy connection_of_organization on crm.connection to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.connection to crm_app;

-- The people at the other end.
create table crm.participant (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    connection_id uuid not null,
    name text collate "C",
    named_at timestamptz,
    picture_url text collate "C",
    address text collate "C" not null,
    address_kind text collate "C" not null,
    lead_id uuid,
    contact_id uuid,
    unreachable text collate "C",
    opted_in_at timestamptz,
    opted_out_at timestamptz,
    constraint participant_pkey primary key (organization_id, id),
    constraint participant_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id),
    constraint participant_address_kind_check check (address_kind in ('scoped', 'telephone', 'user_id')),
    constraint participant_connection_id_fkey foreign key (organization_id, connection_id) references crm.connection (organization_id, id)
);
create index participant_by_connection_id on crm.participant (organization_id, connection_id, id);
create index participant_by_lead_id on crm.participant (organization_id, lead_id, id);
create index participant_by_contact_id on crm.participant (organization_id, contact_id, id);
alter table crm.participant enable row level security;
alter table crm.participant force row level security;
create policy participant_of_organization on crm.participant to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.participant to crm_app;

-- The names that a connection knows them by.
create table crm.participant_alias (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    connection_id uuid not null,
    alias text collate "C" not null,
    kind text collate "C" not null,
    participant_id uuid not null,
    seen_at timestamptz not null,
    superseded boolean not null,
    constraint participant_alias_pkey primary key (organization_id, id),
    constraint participant_alias_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id),
    constraint participant_alias_kind_check check (kind in ('scoped', 'telephone', 'user_id')),
    constraint participant_alias_alias unique (organization_id, connection_id, alias),
    constraint participant_alias_participant_id_fkey foreign key (organization_id, participant_id) references crm.participant (organization_id, id)
);
create index participant_alias_by_alias on crm.participant_alias (organization_id, alias, id);
create index participant_alias_by_participant_id on crm.participant_alias (organization_id, participant_id, id);
alter table crm.participant_alias enable row level security;
alter table crm.participant_alias force row level security;
create policy participant_alias_of_organization on crm.participant_alias to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.participant_alias to crm_app;

-- One thread for each participant.
create table crm.conversation (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    connection_id uuid not null,
    platform text collate "C" not null,
    participant_id uuid not null,
    state text collate "C" not null,
    snoozed_until timestamptz,
    owner_id uuid,
    tags jsonb not null,
    unread bigint not null,
    last_message_at timestamptz not null,
    preview text collate "C",
    preview_direction text collate "C",
    last_action_at timestamptz,
    window_closed_at timestamptz,
    entry_point_at timestamptz,
    delivered_up_to timestamptz,
    read_up_to timestamptz,
    away_replied_for timestamptz,
    clock jsonb not null,
    closed_at timestamptz,
    constraint conversation_pkey primary key (organization_id, id),
    constraint conversation_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id),
    constraint conversation_state_check check (state in ('open', 'snoozed', 'closed')),
    constraint conversation_preview_direction_check check (preview_direction in ('inbound', 'outbound')),
    constraint conversation_participant unique (organization_id, connection_id, participant_id),
    constraint conversation_connection_id_fkey foreign key (organization_id, connection_id) references crm.connection (organization_id, id),
    constraint conversation_participant_id_fkey foreign key (organization_id, participant_id) references crm.participant (organization_id, id),
    constraint conversation_owner_id_fkey foreign key (organization_id, owner_id) references crm.member (organization_id, id)
);
create index conversation_by_connection_id on crm.conversation (organization_id, connection_id, id);
create index conversation_by_participant_id on crm.conversation (organization_id, participant_id, id);
create index conversation_by_state on crm.conversation (organization_id, state, id);
create index conversation_by_owner_id on crm.conversation (organization_id, owner_id, id);
create index conversation_by_last_message_at on crm.conversation (organization_id, last_message_at, id);
alter table crm.conversation enable row level security;
alter table crm.conversation force row level security;
create policy conversation_of_organization on crm.conversation to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.conversation to crm_app;

-- What members write beside a conversation.
create table crm.conversation_note (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    conversation_id uuid not null,
    author_id uuid,
    text text collate "C" not null,
    mentions jsonb not null,
    constraint conversation_note_pkey primary key (organization_id, id),
    constraint conversation_note_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id),
    constraint conversation_note_conversation_id_fkey foreign key (organization_id, conversation_id) references crm.conversation (organization_id, id)
);
create index conversation_note_by_conversation_id on crm.conversation_note (organization_id, conversation_id, id);
alter table crm.conversation_note enable row level security;
alter table crm.conversation_note force row level security;
create policy conversation_note_of_organization on crm.conversation_note to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.conversation_note to crm_app;

-- What either side said.
create table crm.message (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    conversation_id uuid not null,
    connection_id uuid not null,
    external_id text collate "C",
    direction text collate "C" not null,
    origin text collate "C" not null,
    kind text collate "C" not null,
    at timestamptz not null,
    text text collate "C",
    payload text collate "C",
    media jsonb not null,
    reply_to text collate "C",
    details jsonb,
    historical boolean not null,
    author_id uuid,
    automatic boolean not null,
    content jsonb,
    send_as jsonb,
    status text collate "C",
    attempts bigint not null,
    sent_at timestamptz,
    delivered_at timestamptz,
    read_at timestamptz,
    failed_at timestamptz,
    error_code bigint,
    error text collate "C",
    edited_at timestamptz,
    deleted_at timestamptz,
    reactions jsonb not null,
    constraint message_pkey primary key (organization_id, id),
    constraint message_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id),
    constraint message_direction_check check (direction in ('inbound', 'outbound')),
    constraint message_origin_check check (origin in ('participant', 'crm', 'native_app')),
    constraint message_kind_check check (kind in (
        'text', 'image', 'video', 'audio', 'file', 'sticker', 'location', 'contacts', 'share',
        'story_mention', 'interactive', 'order', 'system', 'template', 'postback', 'referral', 'unsupported'
    )),
    constraint message_status_check check (status in (
        'queued', 'sending', 'unknown', 'sent', 'failed', 'delivered', 'read', 'played'
    )),
    constraint message_external_id unique (organization_id, connection_id, external_id),
    constraint message_conversation_id_fkey foreign key (organization_id, conversation_id) references crm.conversation (organization_id, id),
    constraint message_connection_id_fkey foreign key (organization_id, connection_id) references crm.connection (organization_id, id),
    constraint message_author_id_fkey foreign key (organization_id, author_id) references crm.member (organization_id, id)
);
create index message_by_conversation_id on crm.message (organization_id, conversation_id, id);
create index message_by_external_id on crm.message (organization_id, external_id, id);
create index message_by_at on crm.message (organization_id, at, id);
create index message_by_connection_id on crm.message (organization_id, connection_id, id);
create index message_by_author_id on crm.message (organization_id, author_id, id);
alter table crm.message enable row level security;
alter table crm.message force row level security;
create policy message_of_organization on crm.message to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.message to crm_app;

-- Templates, as the platform last told of them.
create table crm.message_template (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    connection_id uuid not null,
    external_id text collate "C" not null,
    name text collate "C" not null,
    language text collate "C" not null,
    status text collate "C" not null,
    reason text collate "C",
    category text collate "C" not null,
    header text collate "C",
    body text collate "C" not null,
    url_buttons jsonb not null,
    constraint message_template_pkey primary key (organization_id, id),
    constraint message_template_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id),
    constraint message_template_status_check check (status in (
        'pending', 'approved', 'rejected', 'paused', 'disabled', 'deleted'
    )),
    constraint message_template_category_check check (category in ('marketing', 'utility', 'authentication')),
    constraint message_template_name unique (organization_id, connection_id, name, language),
    constraint message_template_connection_id_fkey foreign key (organization_id, connection_id) references crm.connection (organization_id, id)
);
create index message_template_by_connection_id on crm.message_template (organization_id, connection_id, id);
alter table crm.message_template enable row level security;
alter table crm.message_template force row level security;
create policy message_template_of_organization on crm.message_template to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.message_template to crm_app;

-- What a connection has sent in the present minute.
create table crm.sending_rate (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    connection_id uuid not null,
    since timestamptz not null,
    sent bigint not null,
    constraint sending_rate_pkey primary key (organization_id, id),
    constraint sending_rate_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id),
    constraint sending_rate_connection_id unique (organization_id, connection_id),
    constraint sending_rate_connection_id_fkey foreign key (organization_id, connection_id) references crm.connection (organization_id, id)
);
create index sending_rate_by_connection_id on crm.sending_rate (organization_id, connection_id, id);
alter table crm.sending_rate enable row level security;
alter table crm.sending_rate force row level security;
create policy sending_rate_of_organization on crm.sending_rate to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.sending_rate to crm_app;

-- What speaks of a message that is not there yet.
create table crm.parked_event (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    connection_id uuid not null,
    target text collate "C" not null,
    event jsonb not null,
    parked_at timestamptz not null,
    constraint parked_event_pkey primary key (organization_id, id),
    constraint parked_event_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id),
    constraint parked_event_connection_id_fkey foreign key (organization_id, connection_id) references crm.connection (organization_id, id)
);
create index parked_event_by_connection_id on crm.parked_event (organization_id, connection_id, id);
create index parked_event_by_target on crm.parked_event (organization_id, target, id);
alter table crm.parked_event enable row level security;
alter table crm.parked_event force row level security;
create policy parked_event_of_organization on crm.parked_event to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.parked_event to crm_app;

-- What a platform delivered, as it came.
create table crm.inbox_delivery (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    platform text collate "C" not null,
    delivery_key text collate "C" not null,
    events jsonb not null,
    received_at timestamptz not null,
    applied_at timestamptz,
    problems jsonb not null,
    constraint inbox_delivery_pkey primary key (organization_id, id),
    constraint inbox_delivery_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id),
    constraint inbox_delivery_delivery_key unique (organization_id, platform, delivery_key)
);
create index inbox_delivery_by_delivery_key on crm.inbox_delivery (organization_id, delivery_key, id);
create index inbox_delivery_by_received_at on crm.inbox_delivery (organization_id, received_at, id);
alter table crm.inbox_delivery enable row level security;
alter table crm.inbox_delivery force row level security;
create policy inbox_delivery_of_organization on crm.inbox_delivery to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.inbox_delivery to crm_app;
