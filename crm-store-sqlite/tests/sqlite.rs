//! The store in a file and the store in memory keep every promise of the port.

mod sqlite {
    pub(crate) mod folder;
}

use crm_core::store::Store;
use crm_core::testing::contract::check_all;
use crm_store_sqlite::SqliteStore;
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
