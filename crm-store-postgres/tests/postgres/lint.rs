//! The catalog's lint: nothing to find in our schema, and every rule finds its defect in a bad one.

use std::collections::BTreeSet;

use sqlx::{Connection, Executor, PgConnection};

use crate::database::Database;

const LINT: &str = include_str!("lint.sql");
/// Tables that belong to no organization: which has a slug or an account, and which migrations were done.
const GLOBAL: [&str; 3] = ["organization_slug", "provider_link", "_migration"];

/// Each statement plants the defect of one rule.
const DEFECTS: &str = r"
    create schema bad;
    create table bad.sound (organization_id uuid not null, id uuid not null, other uuid, name text,
        primary key (organization_id, id));
    create table bad.l01 (organization_id uuid not null, id uuid not null, primary key (organization_id, id));
    create table bad.l02 (organization_id uuid not null, id uuid not null, primary key (organization_id, id));
    alter table bad.l02 enable row level security;
    create table bad.l04 (organization_id uuid not null, id uuid not null, primary key (organization_id, id));
    create policy l04 on bad.l04 using (organization_id = (select current_setting('app.org_id')::uuid));
    create table bad.l05 (organization_id uuid not null, id uuid not null, email text unique,
        primary key (organization_id, id));
    create table bad.l06 (organization_id uuid not null, id uuid not null unique, above uuid references bad.l06 (id),
        primary key (organization_id, id));
    create table bad.l07 (organization_id uuid not null, id uuid not null, above uuid,
        primary key (organization_id, id), foreign key (organization_id, above) references bad.l07 on delete set null);
    create table bad.l08 (organization_id uuid not null, id uuid not null, primary key (organization_id, id));
    create function bad.nothing() returns trigger language plpgsql as 'begin return new; end';
    create trigger l08 before insert on bad.l08 for each row execute function bad.nothing();
    create table bad.l09 (organization_id uuid not null, id int generated always as identity,
        primary key (organization_id, id));
    create table bad.l10 (organization_id uuid not null, id uuid not null, primary key (id, organization_id));
    create table bad.l11 (organization_id text not null, id uuid not null, primary key (organization_id, id));
    create table bad.l12 (id uuid primary key);
    create table bad.l13 (organization_id uuid not null, id uuid not null, name text, words tsvector,
        primary key (organization_id, id));
    alter table bad.l13 enable row level security;
    create index l13_name on bad.l13 (organization_id, lower(name));
    create index l14_words on bad.l13 using gin (words);
    create view bad.l15 as select * from bad.sound;
    create materialized view bad.l16 as select * from bad.sound;
    create function bad.l17() returns int language sql security definer as 'select 1';
    create role l18_app login bypassrls;
    grant truncate on bad.sound to crm_app;
    create table bad.l20 (organization_id uuid not null, id uuid not null, place int,
        primary key (organization_id, id), unique (organization_id, place) deferrable);
";

async fn findings(connection: &mut PgConnection) -> Vec<String> {
    let rows: Vec<(String, String)> =
        sqlx::query_as(LINT).bind(GLOBAL.map(str::to_owned).to_vec()).fetch_all(connection).await.unwrap();
    rows.into_iter().map(|(rule, object)| format!("{rule}: {object}")).collect()
}

#[tokio::test]
async fn the_migrated_schema_is_sound() {
    let database = Database::fresh().await;
    let mut connection = database.admin_connection().await;
    assert_eq!(findings(&mut connection).await, Vec::<String>::new());
}

#[tokio::test]
async fn every_rule_finds_its_defect() {
    let database = Database::fresh().await;
    let mut connection = database.admin_connection().await;
    // Roles belong to the whole cluster: nothing of this is kept.
    let mut transaction = connection.begin().await.unwrap();
    transaction.execute(DEFECTS).await.unwrap();
    let found = findings(&mut transaction).await;
    transaction.rollback().await.unwrap();
    let rules: BTreeSet<&str> = found.iter().map(|finding| &finding[..3]).collect();
    let all: Vec<String> = (1..=20).map(|rule| format!("L{rule:02}")).collect();
    let silent: Vec<_> = all.iter().filter(|rule| !rules.contains(rule.as_str())).collect();
    assert!(silent.is_empty(), "silent: {silent:?}; found: {found:#?}");
    assert_eq!(findings(&mut connection).await, Vec::<String>::new());
}
