//! What SQLite complains of, in the words of the port.

use crm_core::kernel::Entity;
use crm_core::store::StoreError;

/// A failure that has nothing to do with what was written.
pub(crate) fn fault(error: sqlx::Error) -> StoreError {
    match &error {
        sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed | sqlx::Error::Io(_) => {
            StoreError::Unavailable(error.into())
        }
        sqlx::Error::Database(_) if passes(code(&error)) => StoreError::Unavailable(error.into()),
        _ => StoreError::Fault(error.into()),
    }
}

/// A failure to write an `E`.
pub(crate) fn refusal<E: Entity>(error: sqlx::Error) -> StoreError {
    const PRIMARY_KEY: i32 = 1_555;
    const UNIQUE: i32 = 2_067;
    let key = match code(&error) {
        PRIMARY_KEY => Some("id"),
        UNIQUE => error.as_database_error().and_then(|error| violated_key::<E>(error.message())),
        _ => None,
    };
    key.map_or_else(|| fault(error), |key| StoreError::Duplicate { entity: E::NAME, key })
}

/// The key behind a message like `UNIQUE constraint failed: index 'team_name'`.
fn violated_key<E: Entity>(message: &str) -> Option<&'static str> {
    let (_, index) = message.split_once("index '")?;
    let name = index.strip_suffix('\'')?.strip_prefix(E::NAME)?.strip_prefix('_')?;
    E::UNIQUE.iter().map(|key| key.name).find(|key| *key == name)
}

/// SQLite's extended result code; 0 when the error is not SQLite's.
pub(crate) fn code(error: &sqlx::Error) -> i32 {
    error.as_database_error().and_then(|error| error.code()?.parse().ok()).unwrap_or(0)
}

/// Whether the same request may succeed later: somebody else has the file, or memory or disk do not serve now.
fn passes(extended: i32) -> bool {
    const BUSY: i32 = 5;
    const LOCKED: i32 = 6;
    const NO_MEMORY: i32 = 7;
    const INTERRUPTED: i32 = 9;
    const INPUT_OUTPUT: i32 = 10;
    const FULL: i32 = 13;
    const CANNOT_OPEN: i32 = 14;
    const PROTOCOL: i32 = 15;
    let primary = extended & 0xff;
    [BUSY, LOCKED, NO_MEMORY, INTERRUPTED, INPUT_OUTPUT, FULL, CANNOT_OPEN, PROTOCOL].contains(&primary)
}
