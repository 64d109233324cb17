//! The store in a file and the store in memory keep every promise of the port.

#![expect(clippy::unwrap_used, clippy::as_conversions, reason = "a panic in a test is its report")]

mod sqlite {
    pub(crate) mod folder;
}

use crm_core::store::{MemoryStore, Store};
use crm_core::testing::contract::check_all;
use crm_core::testing::differential::{first_difference, script};
use crm_store_sqlite::SqliteStore;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use sqlite::folder::Folder;

#[tokio::test]
async fn a_store_in_a_file_keeps_every_promise() {
    let folder = Folder::new("contract");
    let number = std::sync::atomic::AtomicU32::new(0);
    let outcome = check_all(async || {
        let number = number.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let path = folder.path().join(format!("{number}.db"));
        Box::new(SqliteStore::open(path).await.unwrap()) as Box<dyn Store>
    });
    if let Err(broken) = outcome.await {
        panic!("{broken}");
    }
}

#[tokio::test]
async fn a_store_in_memory_keeps_every_promise() {
    let outcome = check_all(async || Box::new(SqliteStore::in_memory().await.unwrap()) as Box<dyn Store>);
    if let Err(broken) = outcome.await {
        panic!("{broken}");
    }
}

/// Plays `cases` scripts on a store that `make` opens and on one in memory, and compares.
fn compare(cases: u32, make: impl AsyncFn() -> SqliteStore) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&script(20), |script| {
        runtime.block_on(async {
            let store = make().await;
            let (ours, theirs) = (script.play(&store).await, script.play(&MemoryStore::new()).await);
            store.close().await;
            match first_difference(&ours, &theirs) {
                Some(difference) => Err(TestCaseError::fail(difference)),
                None => Ok(()),
            }
        })
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

#[test]
fn any_script_comes_out_as_on_the_memory_store() {
    compare(150, async || SqliteStore::in_memory().await.unwrap());
}

#[test]
fn a_script_comes_out_the_same_in_a_file() {
    let folder = Folder::new("differential");
    let number = std::sync::atomic::AtomicU32::new(0);
    compare(10, async || {
        let number = number.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        SqliteStore::open(folder.path().join(format!("{number}.db"))).await.unwrap()
    });
}
