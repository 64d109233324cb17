//! What the server or the way to it answered, as a [`StoreError`].
//!
//! A distributed cluster reports neither table nor constraint as fields and appends the number of a shard to names, so
//! that names are read from the message when need be. Nothing of SQL, constraints or hosts reaches the error's message;
//! the cause is kept for the log.

use std::sync::Arc;

use crm_core::store::StoreError;
use sqlx::error::DatabaseError;
use sqlx::postgres::{PgDatabaseError, PgSeverity};

use crate::table::{Constraint, Table, Tables};

/// Name of the key of `crm.term`.
const TERM_KEY: &str = "term_pkey";

/// A failure that has to do with no entity.
pub(crate) fn fault(error: sqlx::Error) -> StoreError {
    if is_unavailable(&error) { StoreError::Unavailable(error.into()) } else { StoreError::Fault(error.into()) }
}

/// A failure of a commit. The server's own refusal undoes everything; when the line or the server went away instead, the
/// answer was lost, and with it whether there was something to answer.
pub(crate) fn unkept(error: sqlx::Error) -> StoreError {
    let refused = error
        .as_database_error()
        .and_then(|answer| answer.try_downcast_ref::<PgDatabaseError>())
        .is_some_and(|answer| answer.severity() == PgSeverity::Error);
    if !refused && is_unavailable(&error) { StoreError::OutcomeUnknown(error.into()) } else { fault(error) }
}

/// A failure of a statement that reads or writes an entity's rows.
pub(crate) fn refusal(error: sqlx::Error, table: &Table) -> StoreError {
    let named = error.as_database_error().and_then(|answer| match answer.code().as_deref() {
        Some("23505") => {
            own_constraint(answer, table).map(|key| StoreError::Duplicate { entity: table.entity, key: key.of })
        }
        Some("23503") => missing_reference(answer, table),
        code => crossed(code, table),
    });
    named.unwrap_or_else(|| fault(error))
}

/// A failure of a statement that adds rows to several tables: that of the table whose constraint is named.
///
/// A term that is there already tells of a record that is there already: terms hang on its identifier, and those of a record
/// that is saved are removed before.
pub(crate) fn refusal_of_one(error: sqlx::Error, tables: &[Arc<Table>]) -> StoreError {
    let named = error.as_database_error();
    if named.and_then(constraint_name) == Some(TERM_KEY) {
        let told = named.and_then(|answer| answer.try_downcast_ref::<PgDatabaseError>()?.detail()).unwrap_or_default();
        let mut with_terms = tables.iter().filter(|table| table.has_terms);
        let of = with_terms.clone().find(|table| told.contains(&format!(", {}, ", table.entity)));
        if let Some(table) = of.or_else(|| with_terms.next()) {
            return StoreError::Duplicate { entity: table.entity, key: "id" };
        }
    }
    let blamed = tables.iter().find(|table| named.is_some_and(|answer| own_constraint(answer, table).is_some()));
    match blamed.or(tables.first()) {
        Some(table) => refusal(error, table),
        None => fault(error),
    }
}

/// A failure of a statement that removes an entity's row.
pub(crate) fn refusal_to_remove(error: sqlx::Error, table: &Table, tables: &Tables) -> StoreError {
    let named = error.as_database_error().and_then(|answer| match answer.code().as_deref() {
        Some("23503") => {
            let by = constraint_name(answer).and_then(|name| tables.referrer(name))?;
            Some(StoreError::StillReferenced { entity: table.entity, by })
        }
        code => crossed(code, table),
    });
    named.unwrap_or_else(|| fault(error))
}

/// Not serializable, deadlock, lock timeout: someone else holds or changed what was wanted.
fn crossed(code: Option<&str>, table: &Table) -> Option<StoreError> {
    let crossed = matches!(code, Some("40001" | "40P01" | "55P03"));
    crossed.then_some(StoreError::Conflict { entity: table.entity })
}

/// Whether the same thing may succeed on another connection or a little later.
pub(crate) fn is_unavailable(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::BeginFailed => true,
        sqlx::Error::Database(answer) => answer.code().is_some_and(|code| {
            // Connection, resources, shutdown; a statement or an idle transaction that took too long; no such database.
            ["08", "53", "57", "58"].iter().any(|class| code.starts_with(class)) || matches!(&*code, "25P03" | "3D000")
        }),
        _ => false,
    }
}

fn missing_reference(answer: &dyn DatabaseError, table: &Table) -> Option<StoreError> {
    let Constraint { of, target, .. } = own_constraint(answer, table)?;
    target.map(|target| StoreError::MissingReference { entity: table.entity, column: of, target })
}

fn own_constraint<'t>(answer: &dyn DatabaseError, table: &'t Table) -> Option<&'t Constraint> {
    let name = constraint_name(answer)?;
    table.constraints.iter().find(|constraint| constraint.name == name)
}

/// The constraint's name without the number of a shard.
fn constraint_name(answer: &dyn DatabaseError) -> Option<&str> {
    match answer.constraint() {
        Some(name) => Some(name),
        None => named_in(answer.message()).map(without_shard),
    }
}

/// The last quoted name behind the word "constraint".
fn named_in(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once("constraint \"")?;
    rest.split_once('"').map(|(name, _)| name)
}

fn without_shard(name: &str) -> &str {
    match name.rsplit_once('_') {
        Some((name, shard)) if shard.len() >= 4 && shard.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_messages_lose_the_number_of_their_shard() {
        let message = "duplicate key value violates unique constraint \"lead_website_102009\"";
        assert_eq!(named_in(message).map(without_shard), Some("lead_website"));
        let message =
            "insert or update on table \"lead_102008\" violates foreign key constraint \"lead_owner_id_fkey_102008\"";
        assert_eq!(named_in(message).map(without_shard), Some("lead_owner_id_fkey"));
        assert_eq!(without_shard("line_2"), "line_2");
        assert_eq!(named_in("relation does not exist"), None);
    }

    #[test]
    fn a_lost_connection_is_no_defect_of_ours() {
        assert!(is_unavailable(&sqlx::Error::PoolTimedOut));
        assert!(is_unavailable(&sqlx::Error::Io(std::io::Error::other("gone"))));
        assert!(!is_unavailable(&sqlx::Error::RowNotFound));
    }
}
