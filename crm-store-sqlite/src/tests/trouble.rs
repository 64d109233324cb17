//! A full disk, damaged records, busy writers and abandoned calls.

use std::time::Duration;

use crm_core::access::{Intent, Team};
use crm_core::kernel::{Page, Predicate, Rule};
use crm_core::store::{Records, Store};

use super::{Folder, organization, team};
use crate::SqliteStore;

async fn teams(store: &SqliteStore) -> usize {
    let mut tx = store.begin(organization(), Intent::Read).await.unwrap();
    Records::<Team>::list(&mut *tx, &Predicate::everything(), &Page::first(1_000)).await.unwrap().len()
}

async fn add(store: &SqliteStore, numbers: std::ops::Range<u128>) -> Result<(), crm_core::store::StoreError> {
    let rows: Vec<_> = numbers.map(team).collect();
    let mut tx = store.begin(organization(), Intent::Write).await?;
    Records::<Team>::insert(&mut *tx, &rows).await?;
    tx.commit().await
}

#[tokio::test]
async fn a_full_disk_is_passing_and_leaves_nothing_behind() {
    let folder = Folder::new();
    let store = SqliteStore::open(folder.file()).await.unwrap();
    add(&store, 1..2).await.unwrap();
    let pages: i64 = sqlx::query_scalar("pragma page_count").fetch_one(store.writer_pool()).await.unwrap();
    let limit = |pages: i64| sqlx::AssertSqlSafe(format!("pragma max_page_count = {pages}"));
    sqlx::raw_sql(limit(pages)).execute(store.writer_pool()).await.unwrap();
    let error = add(&store, 2..902).await.unwrap_err();
    assert_eq!(error.code(), "store.unavailable", "{error:?}");
    assert_eq!(teams(&store).await, 1);
    sqlx::raw_sql(limit(1_000_000)).execute(store.writer_pool()).await.unwrap();
    add(&store, 2..902).await.unwrap();
    assert_eq!(teams(&store).await, 901);
}

#[tokio::test]
async fn a_record_that_cannot_be_read_is_a_fault() {
    let folder = Folder::new();
    let store = SqliteStore::open(folder.file()).await.unwrap();
    add(&store, 1..2).await.unwrap();
    for damage in ["value = '{}'", "value = 'x'", "created_at = 'yesterday'"] {
        let sql = format!("update record set {damage}");
        let outcome = sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(store.writer_pool()).await;
        if damage == "value = 'x'" {
            assert!(outcome.is_err(), "text that is no JSON does not get past the indexes");
            continue;
        }
        outcome.unwrap();
        let mut tx = store.begin(organization(), Intent::Read).await.unwrap();
        let error = Records::<Team>::find(&mut *tx, team(1).id).await.unwrap_err();
        assert_eq!(error.code(), "store.fault", "{error:?}");
        assert_eq!(error.to_string(), "the database answered something unexpected");
    }
}

#[tokio::test]
async fn an_abandoned_call_spoils_its_transaction() {
    let folder = Folder::new();
    let store = SqliteStore::open(folder.file()).await.unwrap();
    let rows: Vec<_> = (1..1_000).map(team).collect();
    let mut tx = store.begin(organization(), Intent::Write).await.unwrap();
    let insert = Records::<Team>::insert(&mut *tx, &rows);
    let abandoned = tokio::time::timeout(Duration::ZERO, insert).await;
    assert!(abandoned.is_err(), "the insert was quicker than it was meant to be");
    assert_eq!(tx.commit().await.unwrap_err().code(), "store.fault");
    assert_eq!(teams(&store).await, 0);
    add(&store, 1..3).await.unwrap();
    assert_eq!(teams(&store).await, 2);
}

#[tokio::test]
async fn readers_do_not_wait_for_the_writer() {
    let folder = Folder::new();
    let store = SqliteStore::open(folder.file()).await.unwrap();
    add(&store, 1..2).await.unwrap();
    let mut writing = store.begin(organization(), Intent::Write).await.unwrap();
    Records::<Team>::insert(&mut *writing, &[team(2)]).await.unwrap();
    assert_eq!(teams(&store).await, 1, "what is not kept yet is not seen");
    // A reader sees one state to its end, whatever is kept meanwhile.
    let mut reading = store.begin(organization(), Intent::Read).await.unwrap();
    assert_eq!(Records::<Team>::find(&mut *reading, team(2).id).await.unwrap(), None);
    writing.commit().await.unwrap();
    assert_eq!(Records::<Team>::find(&mut *reading, team(2).id).await.unwrap(), None);
    assert_eq!(teams(&store).await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writers_queue() {
    let folder = Folder::new();
    let store = SqliteStore::open(folder.file()).await.unwrap();
    let tasks: Vec<_> = (0..16)
        .map(|number| {
            let store = store.clone();
            tokio::spawn(async move { add(&store, number * 10 + 1..number * 10 + 11).await })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(teams(&store).await, 160);
}
