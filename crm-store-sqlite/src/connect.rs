//! Connections: how the file is opened, and by how many.

use std::path::Path;
use std::time::Duration;

use sqlx::ConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};

/// How long one waits for the writer, or for another process that holds the file.
const PATIENCE: Duration = Duration::from_secs(30);
/// A second reader costs memory and saves waiting; more than this many compete for the same cores.
const READERS: u32 = 4;

/// Options for a file.
pub(crate) fn file_options(path: &Path) -> SqliteConnectOptions {
    common(SqliteConnectOptions::new().filename(path))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        // 64 MB of pages at 4 KB between checkpoints: the pages that many commits share are written home once.
        .pragma("wal_autocheckpoint", "16000")
        .pragma("mmap_size", "268435456")
}

/// Options for a store without a file; it lives as long as its connection.
pub(crate) fn memory_options() -> SqliteConnectOptions {
    common(SqliteConnectOptions::new().in_memory(true))
}

fn common(options: SqliteConnectOptions) -> SqliteConnectOptions {
    options
        .busy_timeout(PATIENCE)
        // References are ours to check, within the organization.
        .foreign_keys(false)
        .pragma("cache_size", "-65536")
        .statement_cache_capacity(1_000)
        // A whole page of records crosses from SQLite's thread without waiting for its reader.
        .row_buffer_size(1_024)
        .disable_statement_logging()
}

/// One connection that changes nothing, to see what a file is.
pub(crate) fn looking(path: &Path) -> SqlitePool {
    pool(1).connect_lazy_with(common(SqliteConnectOptions::new().filename(path)))
}

/// The one connection that writes. Those who want it wait in the order of their coming.
pub(crate) fn writer(options: SqliteConnectOptions) -> SqlitePool {
    pool(1).connect_lazy_with(options)
}

/// The connections that read.
pub(crate) fn readers(options: SqliteConnectOptions) -> SqlitePool {
    pool(READERS).connect_lazy_with(options.pragma("query_only", "on"))
}

fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(PATIENCE)
        // A file does not hang up: connections are kept, with their caches, and not asked whether they live.
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
}

/// Makes the file, when there is none, readable by its owner alone: it will hold customers' data.
///
/// SQLite gives its two companions, `-wal` and `-shm`, the same rights.
#[cfg(unix)]
pub(crate) fn create_private(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let made = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    match made {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// Leaves the making of the file to SQLite; its rights are those of its folder.
#[cfg(not(unix))]
pub(crate) fn create_private(_: &Path) -> std::io::Result<()> {
    Ok(())
}
