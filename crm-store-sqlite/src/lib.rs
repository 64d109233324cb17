//! The embedded store of the CRM: one SQLite file, no server.
//!
//! Every record of every kind is one row of one table: its organization, kind, identifier, version, two instants, and
//! its value as JSON that a person can read. What the declarations ask for (keys, indexed fields, references) becomes
//! partial indexes over expressions, made when the file is opened, so that a new kind of record costs this crate nothing.
//!
//! The file is in write-ahead mode and a commit is on the disk when it answers. There is one writer at a time, and
//! writers queue in the order of their coming; readers neither wait nor hold anybody up. Several processes on one
//! machine may share the file; a network file system may not hold it.
//!
//! ```
//! # tokio_test(async {
//! use crm_store_sqlite::SqliteStore;
//!
//! let store = SqliteStore::in_memory().await?;
//! store.close().await;
//! # Ok::<(), crm_store_sqlite::OpenError>(()) });
//! # fn tokio_test<F: Future<Output = Result<(), crm_store_sqlite::OpenError>>>(test: F) {
//! #     tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test).unwrap();
//! # }
//! ```

mod agenda;
mod along;
mod connect;
mod fault;
mod open_error;
mod predicate;
mod records;
mod references;
mod report;
mod schema;
mod sql;
mod store;
mod terms;
#[cfg(test)]
mod tests;
mod transaction;

pub use open_error::OpenError;
pub use store::SqliteStore;
