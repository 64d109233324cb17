-- Files on their way in, what became of each row, and saved mappings.

create table crm.import_mapping (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    name text collate "C" not null,
    kind text collate "C" not null,
    columns jsonb not null,
    constraint import_mapping_pkey primary key (organization_id, id),
    constraint import_mapping_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id),
    constraint import_mapping_kind_check check (kind in ('leads', 'accounts')),
    constraint import_mapping_name unique (organization_id, name)
);
create index import_mapping_by_name on crm.import_mapping (organization_id, name, id);
alter table crm.import_mapping enable row level security;
alter table crm.import_mapping force row level security;
create policy import_mapping_of_organization on crm.import_mapping to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.import_mapping to crm_app;

create table crm.import (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    kind text collate "C" not null,
    source text collate "C" not null,
    file_name text collate "C" not null,
    fingerprint text collate "C" not null,
    attempt bigint not null,
    headers jsonb not null,
    mapping jsonb not null,
    options jsonb not null,
    state text collate "C" not null,
    next_row bigint not null,
    counts jsonb not null,
    failure text collate "C",
    started_at timestamptz not null,
    finished_at timestamptz,
    constraint import_pkey primary key (organization_id, id),
    constraint import_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id),
    constraint import_kind_check check (kind in ('leads', 'accounts')),
    constraint import_state_check check (state in ('running', 'finished', 'failed')),
    constraint import_fingerprint unique (organization_id, kind, fingerprint, attempt)
);
create index import_by_fingerprint on crm.import (organization_id, fingerprint, id);
alter table crm.import enable row level security;
alter table crm.import force row level security;
create policy import_of_organization on crm.import to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.import to crm_app;

create table crm.import_row (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    import_id uuid not null,
    row_number bigint not null,
    outcome text collate "C" not null,
    record_kind text collate "C",
    record_id uuid,
    cells jsonb,
    constraint import_row_pkey primary key (organization_id, id),
    constraint import_row_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id),
    constraint import_row_outcome_check check (outcome in ('created', 'flagged', 'linked', 'updated', 'skipped', 'repeated', 'warned', 'blocked', 'refused')),
    constraint import_row_record_kind_check check (record_kind in ('lead', 'contact', 'account', 'opportunity')),
    constraint import_row_row_number unique (organization_id, import_id, row_number),
    constraint import_row_import_id_fkey foreign key (organization_id, import_id) references crm.import (organization_id, id)
);
create index import_row_by_import_id on crm.import_row (organization_id, import_id, id);
alter table crm.import_row enable row level security;
alter table crm.import_row force row level security;
create policy import_row_of_organization on crm.import_row to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.import_row to crm_app;

create table crm.import_issue (
    organization_id uuid not null,
    id uuid not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    import_id uuid not null,
    row_number bigint not null,
    line_number bigint not null,
    column_name text collate "C",
    code text collate "C" not null,
    value text collate "C",
    message text collate "C" not null,
    kind text collate "C" not null,
    constraint import_issue_pkey primary key (organization_id, id),
    constraint import_issue_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id),
    constraint import_issue_kind_check check (kind in ('error', 'note')),
    constraint import_issue_import_id_fkey foreign key (organization_id, import_id) references crm.import (organization_id, id)
);
create index import_issue_by_import_id on crm.import_issue (organization_id, import_id, id);
-- The error file asks for the issues of a stretch of rows.
create index import_issue_by_row_number on crm.import_issue (organization_id, import_id, row_number, id);
alter table crm.import_issue enable row level security;
alter table crm.import_issue force row level security;
create policy import_issue_of_organization on crm.import_issue to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.import_issue to crm_app;
