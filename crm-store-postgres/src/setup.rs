//! Before the first transaction: connecting, bringing the schema up to date, and what can go wrong with either.

use std::str::FromStr;
use std::time::Duration;

use crm_core::kernel::{Kind, Rule};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, Executor, PgConnection};

use crate::migrations::{ROLES, migrator};
use crate::pool::Connections;

/// Why a store cannot be opened or brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The server cannot be reached or refuses the role.
    #[error("the database cannot be opened; check its address, role and password")]
    Unreachable(#[source] sqlx::Error),
    /// The schema could not be brought up to date; nothing of the failed step was kept.
    #[error("the database's schema cannot be brought up to date")]
    Migration(#[source] sqlx::migrate::MigrateError),
    /// The schema is not the one that this version of the program was made for.
    #[error("the database does not fit this version of the program: {}; run the migrations of this version", .0.join("; "))]
    Mismatch(Vec<String>),
    /// Tenants would not be kept apart. The store refuses to serve.
    #[error("the database would not keep organizations apart: {}", .0.join("; "))]
    Insecure(Vec<String>),
}

impl Rule for SetupError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unreachable(_) => "store.unreachable",
            Self::Migration(_) => "store.migration_failed",
            Self::Mismatch(_) => "store.schema_mismatch",
            Self::Insecure(_) => "store.insecure",
        }
    }
    fn kind(&self) -> Kind {
        match self {
            Self::Unreachable(_) => Kind::Unavailable,
            Self::Migration(_) | Self::Mismatch(_) | Self::Insecure(_) => Kind::Internal,
        }
    }
}

/// How a store uses its server.
#[derive(Clone, Debug)]
pub struct PgOptions {
    /// The most connections that are open at once.
    pub max_connections: u32,
    /// How long a transaction waits for a free connection, or for a new one to open.
    pub acquire_timeout: Duration,
    /// How long one statement may take.
    pub statement_timeout: Duration,
    /// How long a statement waits for a row that another transaction holds.
    pub lock_timeout: Duration,
    /// How long a transaction may be left alone between two statements.
    pub idle_in_transaction_timeout: Duration,
    /// Where to listen for what other processes commit, when that is not the store's own address: a pooler that lends
    /// connections by transaction passes nothing on. Without it such a process is told nothing and compares versions.
    pub listen_url: Option<String>,
    /// Whether the rows that a command adds to several tables go in one statement. Without it each table's go in their own,
    /// for servers that refuse such statements.
    pub join_inserts: bool,
}

impl Default for PgOptions {
    fn default() -> Self {
        Self {
            max_connections: 16,
            acquire_timeout: Duration::from_secs(10),
            statement_timeout: Duration::from_secs(30),
            lock_timeout: Duration::from_secs(10),
            idle_in_transaction_timeout: Duration::from_mins(1),
            listen_url: None,
            join_inserts: true,
        }
    }
}

/// Connections that never wait for ever. None goes back to the pool with a tenant set: a transaction names its
/// organization with `set local`, in the message that begins it, and what is local ends with the transaction.
pub(crate) fn pool(url: &str, options: &PgOptions) -> Result<Connections, SetupError> {
    let limits = [
        ("statement_timeout", options.statement_timeout),
        ("lock_timeout", options.lock_timeout),
        ("idle_in_transaction_session_timeout", options.idle_in_transaction_timeout),
    ];
    let server = PgConnectOptions::from_str(url)
        .map_err(SetupError::Unreachable)?
        .application_name("crm")
        .statement_cache_capacity(1_000)
        .options(limits.map(|(name, limit)| (name, limit.as_millis())));
    Connections::new(server, options.max_connections, options.acquire_timeout)
        .map_err(|error| SetupError::Unreachable(sqlx::Error::Configuration(error.into())))
}

/// How to connect for listening.
pub(crate) fn listening(url: &str, options: &PgOptions) -> Result<PgConnectOptions, SetupError> {
    let url = options.listen_url.as_deref().unwrap_or(url);
    Ok(PgConnectOptions::from_str(url).map_err(SetupError::Unreachable)?.application_name("crm listener"))
}

/// Makes the roles, the schema `crm` and whatever of its tables is missing.
pub(crate) async fn migrate(admin_url: &str) -> Result<(), SetupError> {
    let mut connection = PgConnection::connect(admin_url).await.map_err(SetupError::Unreachable)?;
    connection.execute(ROLES).await.map_err(|error| SetupError::Migration(error.into()))?;
    connection.execute("set role crm_owner").await.map_err(|error| SetupError::Migration(error.into()))?;
    migrator().run_direct(None, &mut connection, false).await.map_err(SetupError::Migration)?;
    connection.close().await.map_err(SetupError::Unreachable)
}
