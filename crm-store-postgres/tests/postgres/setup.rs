//! Migrating, connecting, and what is refused at the start.

use std::time::Duration;

use crm_store_postgres::{PgOptions, PgStore, SetupError};
use sqlx::{AssertSqlSafe, Executor};

use crate::database::{Database, founded};
use crate::specimen;

async fn refusal(database: &Database, url: &str) -> SetupError {
    let refusal = PgStore::connect(url).await;
    assert!(refusal.is_err(), "{}", database.app_url);
    refusal.unwrap_err()
}

#[tokio::test]
async fn migrating_twice_changes_nothing() {
    let database = Database::empty().await;
    PgStore::migrate(&database.admin_url).await.unwrap();
    PgStore::migrate(&database.admin_url).await.unwrap();
    database.store().await;
}

#[tokio::test]
async fn a_database_without_our_schema_is_refused_with_the_remedy() {
    let database = Database::empty().await;
    let error = refusal(&database, &database.app_url).await;
    assert!(matches!(&error, SetupError::Mismatch(_)), "{error:?}");
    assert!(error.to_string().contains("run the migrations"), "{error}");
}

#[tokio::test]
async fn a_database_that_cannot_be_reached_is_unreachable() {
    let nowhere = "postgres://crm_app@127.0.0.1:1/crm";
    let options = PgOptions { acquire_timeout: Duration::from_millis(300), ..PgOptions::default() };
    let error = PgStore::connect_with(nowhere, &options).await;
    assert!(matches!(error, Err(SetupError::Unreachable(_))));
}

#[tokio::test]
async fn a_superuser_is_refused() {
    let database = Database::fresh().await;
    let error = refusal(&database, &database.admin_url).await;
    assert!(matches!(&error, SetupError::Insecure(problems) if problems[0].contains("superuser")), "{error:?}");
}

#[tokio::test]
async fn an_unguarded_table_is_refused() {
    let every = [
        ("alter table crm.lead disable row level security", "lead has no row security"),
        ("alter table crm.lead no force row level security", "lead does not force"),
        ("drop policy lead_of_organization on crm.lead", "lead has no policy"),
        (
            "drop policy lead_of_organization on crm.lead; create policy p on crm.lead to crm_app using (true)",
            "lead can be read without",
        ),
        ("create policy too_much on crm.lead to crm_app using (true)", "lead can be read without"),
    ];
    for (sabotage, expected) in every {
        let database = Database::fresh().await;
        database.admin(sabotage).await;
        let error = refusal(&database, &database.app_url).await;
        let found = matches!(&error, SetupError::Insecure(problems) if problems.iter().any(|p| p.contains(expected)));
        assert!(found, "{sabotage}: {error:?}");
    }
}

#[tokio::test]
async fn a_table_that_does_not_fit_its_entity_is_refused() {
    let every = [
        ("alter table crm.lead drop column city", "no column 'city'"),
        ("alter table crm.lead add column extra text", "a column 'extra' that no field fills"),
        ("alter table crm.lead alter column employee_count type int", "int4, which is not mapped"),
        ("alter table crm.lead alter column score type numeric", "'score' of lead is filtered and sorted by"),
        ("alter table crm.lead alter column version type int", "needs a column 'version'"),
        ("drop table crm.touch", "there is no table crm.touch"),
    ];
    for (sabotage, expected) in every {
        let database = Database::fresh().await;
        database.admin(sabotage).await;
        let error = refusal(&database, &database.app_url).await;
        let found = matches!(&error, SetupError::Mismatch(problems) if problems.iter().any(|p| p.contains(expected)));
        assert!(found, "{sabotage}: {error:?}");
    }
}

#[tokio::test]
async fn a_column_that_is_added_while_serving_disturbs_nobody() {
    let (database, store, organization) = founded().await;
    for column in ["one", "two"] {
        let mut tx = crate::database::read(&store, organization).await;
        let found = crm_core::store::Records::<crm_core::access::Organization>::find(&mut tx, organization).await;
        assert!(found.unwrap().is_some());
        drop(tx);
        database.admin(&format!("alter table crm.organization add column {column} text")).await;
    }
}

#[tokio::test]
async fn every_fixed_statement_fits_the_schema() {
    let database = specimen::database().await;
    let store = database.store().await;
    assert_eq!(store.differences::<specimen::Specimen>(), Vec::<String>::new());
    let statements = store.statements();
    assert!(statements.len() > 50, "{}", statements.len());
    let mut connection = database.admin_connection().await;
    for statement in &statements {
        let prepared = connection.prepare(sqlx::SqlSafeStr::into_sql_str(AssertSqlSafe(statement.clone()))).await;
        assert!(prepared.is_ok(), "{statement}: {:?}", prepared.err());
    }
    let wrong = statements[0].replace("crm.", "crm.no_");
    assert!(connection.prepare(sqlx::SqlSafeStr::into_sql_str(AssertSqlSafe(wrong))).await.is_err());
}

#[tokio::test]
async fn every_statement_on_rows_names_the_organization() {
    let store = Database::fresh().await.store().await;
    let bound = |text: &str| text.contains("organization_id = $1") || text.contains("values ($1, ");
    let free: Vec<_> = store.statements().into_iter().filter(|text| !bound(text)).collect();
    // Those of the global plane: whose slug or account it is, all slugs, which organizations have due work, and what is
    // told of.
    assert!(
        free.iter().all(|text| text.contains("organization_slug")
            || text.contains("provider_link")
            || text.contains("group by")
            || text.contains("pg_notify")),
        "{free:?}"
    );
    assert_eq!(free.len(), 6, "{free:?}");
}
