-- What was done and is to be done, and which records it is about. A record is of one of several tables, so a link has no
-- foreign key to it.

create table crm.activity (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    kind text collate "C" not null,
    subject text collate "C" not null,
    body text collate "C",
    direction text collate "C",
    due_at timestamptz,
    starts_at timestamptz,
    done_at timestamptz,
    duration_minutes bigint,
    outcome text collate "C",
    priority text collate "C" not null,
    status text collate "C" not null,
    owner_id uuid,
    created_by uuid,
    constraint activity_pkey primary key (organization_id, id),
    constraint activity_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id),
    constraint activity_kind_check check (kind in ('call', 'email', 'meeting', 'task', 'note')),
    constraint activity_direction_check check (direction in ('in', 'out')),
    constraint activity_priority_check check (priority in ('low', 'normal', 'high')),
    constraint activity_status_check check (status in ('open', 'done', 'cancelled')),
    constraint activity_owner_id_fkey foreign key (organization_id, owner_id) references crm.member (organization_id, id),
    constraint activity_created_by_fkey foreign key (organization_id, created_by) references crm.member (organization_id, id)
);
create index activity_by_due_at on crm.activity (organization_id, due_at, id);
create index activity_by_owner_id on crm.activity (organization_id, owner_id, id);
create index activity_by_created_by on crm.activity (organization_id, created_by, id);
alter table crm.activity enable row level security;
alter table crm.activity force row level security;
create policy activity_of_organization on crm.activity to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.activity to crm_app;

-- Owner and place are copies of the activity's, so that a page of a record's feed is read from one index.
create table crm.activity_link (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    activity_id uuid not null,
    record_kind text collate "C" not null,
    record_id uuid not null,
    owner_id uuid,
    place text collate "C" not null,
    constraint activity_link_pkey primary key (organization_id, id),
    constraint activity_link_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id),
    constraint activity_link_record_kind_check check (record_kind in ('lead', 'contact', 'account', 'opportunity')),
    constraint activity_link_record unique (organization_id, activity_id, record_kind, record_id),
    constraint activity_link_activity_id_fkey foreign key (organization_id, activity_id) references crm.activity (organization_id, id)
);
create index activity_link_by_record_id on crm.activity_link (organization_id, record_id, place, id);
alter table crm.activity_link enable row level security;
alter table crm.activity_link force row level security;
create policy activity_link_of_organization on crm.activity_link to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.activity_link to crm_app;
