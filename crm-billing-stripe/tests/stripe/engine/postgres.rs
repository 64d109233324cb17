//! The same scenarios on a real server, where two workers really run at once.

use std::str::FromStr;

use crm_store_postgres::{PgOptions, PgStore};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection};

use super::house::Founded;
use super::reversals;
use super::scenario;
use super::seeds::play;

/// A fresh database with the whole schema, on the server of the tests; nothing, and a word about it, without one.
async fn database() -> Option<String> {
    let Ok(server) = std::env::var("CRM_TEST_POSTGRES") else {
        println!("skipped: CRM_TEST_POSTGRES names no server; `bash .ci/test -p crm-billing-stripe` starts one");
        return None;
    };
    let name = format!("crm_test_{}_stripe", std::process::id());
    let mut connection = PgConnection::connect(&server).await.unwrap();
    connection.execute(AssertSqlSafe(format!("create database {name}"))).await.unwrap();
    connection.close().await.unwrap();
    let admin = PgConnectOptions::from_str(&server).unwrap().database(&name);
    PgStore::migrate(admin.to_url_lossy().as_str()).await.unwrap();
    // The application's role has the superuser's password here, where the server asks for one.
    let user = server.split_once("://").and_then(|(_, rest)| rest.split_once('@'));
    if let Some((_, password)) = user.and_then(|(user, _)| user.split_once(':')) {
        let mut connection = PgConnection::connect(&server).await.unwrap();
        connection.execute(AssertSqlSafe(format!("alter role crm_app password '{password}'"))).await.unwrap();
    }
    Some(admin.username("crm_app").to_url_lossy().to_string())
}

#[tokio::test]
async fn postgresql_comes_to_the_same_access() {
    let scenarios = scenario::all().await;
    if scenarios.is_empty() {
        return;
    }
    let Some(url) = database().await else { return };
    let store = PgStore::connect_with(&url, &PgOptions { max_connections: 8, ..PgOptions::default() }).await.unwrap();
    let mut wrong = Vec::new();
    for seed in 0..200 {
        let scenario = &scenarios[usize::try_from(seed).unwrap() % scenarios.len()];
        let founded = Founded::on(store.clone(), &format!("{seed}")).await;
        wrong.extend(play(scenario, founded, store.clone(), seed).await.err());
    }
    reversals::play(store, "reversals").await;
    println!("200 seeds on PostgreSQL, {} wrong", wrong.len());
    assert!(wrong.is_empty(), "{wrong:#?}");
}
