-- Tags and custom values as typed rows: arrays and documents cannot use an index under row security. Written by the store
-- beside the record's own row (crm-store-postgres/src/term.rs). A record is of one of several tables, so there is no
-- foreign key to it.

create table crm.term (
    organization_id uuid not null,
    entity text collate "C" not null,
    record_id uuid not null,
    position bigint not null,
    name text collate "C" not null,
    text_value text collate "C",
    integer_value bigint,
    bool_value boolean,
    date_value date,
    constraint term_pkey primary key (organization_id, entity, record_id, position),
    constraint term_organization_id_fkey foreign key (organization_id) references crm.organization (organization_id),
    constraint term_one_value check (num_nonnulls(text_value, integer_value, bool_value, date_value) = 1)
);
create index term_by_text on crm.term (organization_id, entity, name, text_value, record_id)
    where text_value is not null;
create index term_by_integer on crm.term (organization_id, entity, name, integer_value, record_id)
    where integer_value is not null;
create index term_by_bool on crm.term (organization_id, entity, name, bool_value, record_id)
    where bool_value is not null;
create index term_by_date on crm.term (organization_id, entity, name, date_value, record_id)
    where date_value is not null;
alter table crm.term enable row level security;
alter table crm.term force row level security;
create policy term_of_organization on crm.term to crm_app
    using (organization_id = current_setting('app.org_id')::uuid)
    with check (organization_id = current_setting('app.org_id')::uuid);
grant select, insert, update, delete on crm.term to crm_app;
