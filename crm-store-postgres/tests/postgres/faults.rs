//! Lost connections, closed servers, waits that are too long.

use std::time::Duration;

use crm_core::access::Team;
use crm_core::kernel::{Kind, Page, Predicate, Rule};
use crm_core::store::{Records, StoreError, Tx};
use crm_store_postgres::{PgOptions, PgStore};

use crate::database::{commit, founded, fresh_id, organization, read, write};
use crate::records::team;

pub(crate) const KILL: &str = "select pg_terminate_backend(pid) from pg_stat_activity \
    where datname = current_database() and usename = 'crm_app'";

#[tokio::test]
async fn a_killed_connection_leaves_nothing_half_done() {
    let (database, store, organization) = founded().await;
    let mut tx = write(&store, organization).await;
    tx.insert(&[team("one")]).await.unwrap();
    database.admin(KILL).await;
    let lost = Records::<Team>::find(&mut tx, fresh_id()).await;
    assert!(matches!(&lost, Err(StoreError::Unavailable(_))), "{lost:?}");
    assert_eq!(lost.as_ref().unwrap_err().kind(), Kind::Unavailable);
    assert!(!lost.unwrap_err().to_string().contains("terminat"), "causes are for the log");
    drop(tx);
    // The next transaction finds another connection by itself.
    let mut tx = read(&store, organization).await;
    assert!(Records::<Team>::list(&mut tx, &Predicate::everything(), &Page::first(9)).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_commit_whose_answer_is_lost_has_an_unknown_outcome() {
    let (database, store, organization) = founded().await;
    let mut tx = write(&store, organization).await;
    let one = team("one");
    tx.insert(std::slice::from_ref(&one)).await.unwrap();
    // What was added waits until something is asked; before it was sent, nothing would be unknown.
    assert!(Records::<Team>::find(&mut tx, one.id).await.unwrap().is_some());
    database.admin(KILL).await;
    let lost = Box::new(tx).commit().await.unwrap_err();
    assert!(matches!(lost, StoreError::OutcomeUnknown(_)), "{lost:?}");
    assert_eq!((lost.code(), lost.kind()), ("store.outcome_unknown", Kind::Unavailable));
    assert!(!lost.to_string().contains("terminat"), "causes are for the log");
    let mut tx = read(&store, organization).await;
    assert!(Records::<Team>::list(&mut tx, &Predicate::everything(), &Page::first(9)).await.unwrap().is_empty());
}

#[tokio::test]
async fn connections_that_died_in_the_pool_are_replaced() {
    let (database, store, organization) = founded().await;
    for _ in 0..3 {
        // Several at once, so that several wait in the pool.
        let mut open = Vec::new();
        for _ in 0..6 {
            open.push(read(&store, organization).await);
        }
        drop(open);
        tokio::time::sleep(Duration::from_millis(50)).await;
        database.admin(KILL).await;
        commit(write(&store, organization).await).await;
    }
}

#[tokio::test]
async fn a_closed_store_is_unavailable() {
    let (_database, store, organization) = founded().await;
    store.close().await;
    let closed = store.transaction(organization, crm_core::access::Intent::Read).await;
    assert!(matches!(closed.err(), Some(StoreError::Unavailable(_))));
}

#[tokio::test]
async fn a_server_that_is_full_is_unavailable() {
    let (database, _, _) = founded().await;
    let options = PgOptions { max_connections: 1, acquire_timeout: Duration::from_secs(1), ..PgOptions::default() };
    let store = PgStore::connect_with(&database.app_url, &options).await.unwrap();
    let organization = organization(&store).await;
    let _held = read(&store, organization).await;
    let full = store.transaction(organization, crm_core::access::Intent::Read).await;
    assert!(matches!(full.err(), Some(StoreError::Unavailable(_))));
}

#[tokio::test]
async fn waiting_too_long_for_a_lock_is_a_conflict() {
    let (database, _, _) = founded().await;
    let options = PgOptions { lock_timeout: Duration::from_millis(100), ..PgOptions::default() };
    let store = PgStore::connect_with(&database.app_url, &options).await.unwrap();
    let organization = organization(&store).await;
    let row = team("one");
    let mut tx = write(&store, organization).await;
    tx.insert(std::slice::from_ref(&row)).await.unwrap();
    commit(tx).await;
    let mut holder = write(&store, organization).await;
    Records::<Team>::lock(&mut holder, row.id).await.unwrap();
    let mut waiting = write(&store, organization).await;
    let late = Records::<Team>::lock(&mut waiting, row.id).await;
    assert!(matches!(late, Err(StoreError::Conflict { entity: "team" })), "{late:?}");
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_unavailable() {
    let (database, _, _) = founded().await;
    let options = PgOptions {
        // Long enough for everything but the wait, on a busy machine too.
        statement_timeout: Duration::from_secs(2),
        lock_timeout: Duration::from_secs(30),
        ..PgOptions::default()
    };
    let store = PgStore::connect_with(&database.app_url, &options).await.unwrap();
    let organization = organization(&store).await;
    let row = team("one");
    let mut tx = write(&store, organization).await;
    tx.insert(std::slice::from_ref(&row)).await.unwrap();
    commit(tx).await;
    let mut holder = write(&store, organization).await;
    Records::<Team>::lock(&mut holder, row.id).await.unwrap();
    let mut waiting = write(&store, organization).await;
    let late = Records::<Team>::lock(&mut waiting, row.id).await;
    assert!(matches!(late, Err(StoreError::Unavailable(_))), "{late:?}");
}

#[tokio::test]
async fn a_deadlock_is_a_conflict_for_one_of_the_two() {
    let (_database, store, organization) = founded().await;
    let (one, other) = (team("one"), team("other"));
    let mut tx = write(&store, organization).await;
    tx.insert(&[one.clone(), other.clone()]).await.unwrap();
    commit(tx).await;
    let mut first = write(&store, organization).await;
    let mut second = write(&store, organization).await;
    Records::<Team>::lock(&mut first, one.id).await.unwrap();
    Records::<Team>::lock(&mut second, other.id).await.unwrap();
    // Whoever is refused gives way, and its rows with it.
    let crossing = async |mut tx: crm_store_postgres::PgTx<'_>, id| Records::<Team>::lock(&mut tx, id).await;
    let (a, b) = tokio::join!(crossing(first, other.id), crossing(second, one.id));
    let conflicts =
        [a, b].into_iter().filter(|end| matches!(end, Err(StoreError::Conflict { entity: "team" }))).count();
    assert_eq!(conflicts, 1);
}
