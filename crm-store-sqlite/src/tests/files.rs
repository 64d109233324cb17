//! Opening of files that are ours, somebody else's, from the future or nothing at all.

use crm_core::access::{Intent, Team};
use crm_core::kernel::Rule;
use crm_core::store::{Records, Store};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, Connection, SqliteConnection};

use super::{Folder, organization, team};
use crate::{OpenError, SqliteStore};

/// Does something to a file behind the store's back.
async fn meddle(path: &std::path::Path, sql: &str) {
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

async fn indexes(store: &SqliteStore) -> Vec<(String, String)> {
    let sql = "select name, sql from sqlite_schema where type = 'index' and sql is not null order by name";
    sqlx::query_as(sql).fetch_all(store.reader_pool()).await.unwrap()
}

#[tokio::test]
async fn what_was_kept_is_there_when_the_file_is_opened_again() {
    let folder = Folder::new();
    let store = SqliteStore::open(folder.file()).await.unwrap();
    let mut tx = store.begin(organization(), Intent::Write).await.unwrap();
    Records::<Team>::insert(&mut *tx, &[team(1)]).await.unwrap();
    tx.commit().await.unwrap();
    store.close().await;
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["crm.db"], "closing brings everything home into the one file");

    let again = SqliteStore::open(folder.file()).await.unwrap();
    let mut tx = again.begin(organization(), Intent::Read).await.unwrap();
    assert_eq!(Records::<Team>::find(&mut *tx, team(1).id).await.unwrap(), Some(team(1)));
}

#[tokio::test]
async fn two_stores_share_one_file() {
    let folder = Folder::new();
    let (one, other) =
        (SqliteStore::open(folder.file()).await.unwrap(), SqliteStore::open(folder.file()).await.unwrap());
    for (store, number) in [(&one, 1), (&other, 2), (&one, 3)] {
        let mut tx = store.begin(organization(), Intent::Write).await.unwrap();
        Records::<Team>::insert(&mut *tx, &[team(number)]).await.unwrap();
        tx.commit().await.unwrap();
    }
    let mut tx = other.begin(organization(), Intent::Read).await.unwrap();
    assert_eq!(Records::<Team>::find(&mut *tx, team(3).id).await.unwrap(), Some(team(3)));
}

#[cfg(unix)]
#[tokio::test]
async fn only_its_owner_can_read_a_new_file() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    let store = SqliteStore::open(folder.file()).await.unwrap();
    let mut tx = store.begin(organization(), Intent::Write).await.unwrap();
    Records::<Team>::insert(&mut *tx, &[team(1)]).await.unwrap();
    tx.commit().await.unwrap();
    let mut seen = 0;
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", entry.path());
        seen += 1;
    }
    assert!(seen >= 2, "the file and what SQLite keeps beside it");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_left_alone() {
    let folder = Folder::new();
    let text = "this is a letter, not a database\n".repeat(100);
    std::fs::write(folder.file(), &text).unwrap();
    let error = SqliteStore::open(folder.file()).await.unwrap_err();
    assert!(matches!(error, OpenError::NotADatabase(_)), "{error:?}");
    assert!(error.to_string().contains("crm.db is not a database; name another file"), "{error}");
    assert_eq!(std::fs::read_to_string(folder.file()).unwrap(), text);
}

#[tokio::test]
async fn the_database_of_another_program_is_left_alone() {
    let folder = Folder::new();
    meddle(&folder.file(), "create table recipe (name text)").await;
    let before = std::fs::read(folder.file()).unwrap();
    let error = SqliteStore::open(folder.file()).await.unwrap_err();
    assert!(matches!(error, OpenError::Foreign(_)), "{error:?}");
    assert_eq!(error.code(), "store.foreign_database");
    assert_eq!(std::fs::read(folder.file()).unwrap(), before);
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let folder = Folder::new();
    SqliteStore::open(folder.file()).await.unwrap().close().await;
    meddle(&folder.file(), "pragma user_version = 99").await;
    let error = SqliteStore::open(folder.file()).await.unwrap_err();
    assert!(matches!(error, OpenError::Newer { found: 99, known: 2, .. }), "{error:?}");
    assert!(error.to_string().contains("run the newer program"), "{error}");
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_named() {
    let folder = Folder::new();
    let path = folder.path().join("absent").join("crm.db");
    let error = SqliteStore::open(&path).await.unwrap_err();
    assert!(matches!(error, OpenError::Inaccessible { .. }), "{error:?}");
    assert!(error.to_string().contains("check that its folder exists"), "{error}");
}

#[tokio::test]
async fn indexes_follow_the_declarations() {
    let folder = Folder::new();
    let store = SqliteStore::open(folder.file()).await.unwrap();
    let wanted = indexes(&store).await;
    assert!(wanted.iter().any(|(name, _)| name == "team_name"), "{wanted:?}");
    store.close().await;
    meddle(
        &folder.file(),
        "drop index team_name; drop index lead_by_score; create index stale on record (value);
         create index lead_by_score on record (organization_id)",
    )
    .await;
    let store = SqliteStore::open(folder.file()).await.unwrap();
    assert_eq!(indexes(&store).await, wanted);
}

#[tokio::test]
async fn content_that_breaks_a_declared_key_is_not_opened() {
    let folder = Folder::new();
    SqliteStore::open(folder.file()).await.unwrap().close().await;
    let twice = "drop index team_name;
        insert into record values ('o','team','a',1,'t','t','{\"name\":\"n\"}'), ('o','team','b',1,'t','t','{\"name\":\"n\"}')";
    meddle(&folder.file(), twice).await;
    let error = SqliteStore::open(folder.file()).await.unwrap_err();
    assert!(matches!(error, OpenError::Migration { .. }), "{error:?}");
    // Nothing of the attempt stays: the second is refused as the first was.
    assert!(matches!(SqliteStore::open(folder.file()).await.unwrap_err(), OpenError::Migration { .. }));
}
