//! The PostgreSQL store against a real server.
//!
//! `bash .ci/test -p crm-store-postgres` brings a private one. Every test has a database of its own, cloned from one that
//! was migrated once, and works as the role `crm_app`, which row security binds.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a panic here is the report")]

mod agenda;
mod database;
mod declarations;
mod faults;
mod inbox;
mod isolation;
mod lint;
mod predicates;
mod records;
mod setup;
mod specimen;

use crm_store_postgres::PgStore;

/// A store on a fresh database, for suites that every store must pass.
pub(crate) async fn store() -> PgStore {
    database::Database::fresh().await.store().await
}
