//! A store by its address: `memory:`, `sqlite:PATH` or `postgres://…`.

use std::sync::Arc;

use crm_core::store::{MemoryStore, Store};
use crm_store_postgres::PgStore;
use crm_store_sqlite::SqliteStore;

/// A database that can't be opened; says which and what to do.
#[derive(Debug)]
pub struct OpenError(String);

impl std::fmt::Display for OpenError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
impl std::error::Error for OpenError {}

/// Opens the database, making it first where that is possible.
///
/// The role in a `postgres://` address must be allowed to make the schema; the records are then read and written as
/// `crm_app`, which row security binds.
///
/// # Errors
/// `OpenError` when the address is of no known kind or the database can't be opened.
pub async fn open(address: &str) -> Result<Arc<dyn Store>, OpenError> {
    let failed =
        |error: &dyn std::fmt::Display| OpenError(format!("the database '{address}' cannot be opened: {error}"));
    if address == "memory:" {
        return Ok(Arc::new(MemoryStore::new()));
    }
    if let Some(path) = address.strip_prefix("sqlite:") {
        return Ok(Arc::new(SqliteStore::open(path).await.map_err(|error| failed(&error))?));
    }
    if address.starts_with("postgres://") || address.starts_with("postgresql://") {
        PgStore::migrate(address).await.map_err(|error| failed(&error))?;
        let app = as_app(address);
        return Ok(Arc::new(PgStore::connect(&app).await.map_err(|error| failed(&error))?));
    }
    Err(OpenError(format!("'{address}' is no database; give memory:, sqlite:PATH or postgres://USER@HOST/DATABASE")))
}

/// The same address, whose sessions take on the role that row security binds.
fn as_app(address: &str) -> String {
    let joint = if address.contains('?') { '&' } else { '?' };
    format!("{address}{joint}options=-c%20role%3Dcrm_app")
}
