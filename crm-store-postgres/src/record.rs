//! A record whose entity is forgotten.
//!
//! What writes records works on these, so that it is compiled once and not once for each entity.

use crm_core::kernel::{Entity, Stored, Term, Timestamp, terms};
use uuid::Uuid;

use crate::cell::{CellError, Kind};
use crate::row::bind_value;
use crate::statement::Binds;
use crate::table::Column;

/// A record of whatever entity.
pub(crate) trait Record: Sync {
    /// What every record has.
    fn system(&self) -> System;
    /// Binds the fields of the entity's own, in the order of the columns.
    fn bind_own(&self, columns: &[Column], binds: &mut Binds) -> Result<(), CellError>;
    /// What is searched among tags and custom values.
    fn terms(&self) -> Vec<Term>;
}

/// The values of the system columns.
#[derive(Clone, Copy)]
pub(crate) struct System {
    pub(crate) id: Uuid,
    pub(crate) version: i64,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

impl<E: Entity> Record for Stored<E> {
    fn system(&self) -> System {
        System { id: self.id.uuid(), version: self.version, created_at: self.created_at, updated_at: self.updated_at }
    }

    fn bind_own(&self, columns: &[Column], binds: &mut Binds) -> Result<(), CellError> {
        bind_value(&self.value, columns, binds)
    }

    fn terms(&self) -> Vec<Term> {
        terms(self)
    }
}

/// The records, without their entity.
pub(crate) fn forgotten<E: Entity>(rows: &[Stored<E>]) -> Vec<&dyn Record> {
    let mut forgotten: Vec<&dyn Record> = Vec::with_capacity(rows.len());
    for row in rows {
        forgotten.push(row);
    }
    forgotten
}

/// Binds a whole record as an insert names its columns.
pub(crate) fn bind_insert(row: &dyn Record, columns: &[Column], binds: &mut Binds) -> Result<(), CellError> {
    let system = row.system();
    binds.push(&system.id, Kind::Uuid)?;
    binds.push(&system.version, Kind::BigInt)?;
    binds.push(&system.created_at, Kind::Timestamptz)?;
    binds.push(&system.updated_at, Kind::Timestamptz)?;
    row.bind_own(columns, binds)
}

/// Binds a record as an update names its columns: the version before it, then what it becomes.
pub(crate) fn bind_update(row: &dyn Record, columns: &[Column], binds: &mut Binds) -> Result<(), CellError> {
    let system = row.system();
    binds.push(&system.id, Kind::Uuid)?;
    binds.push(&system.version.saturating_sub(1), Kind::BigInt)?;
    binds.push(&system.version, Kind::BigInt)?;
    binds.push(&system.updated_at, Kind::Timestamptz)?;
    row.bind_own(columns, binds)
}
