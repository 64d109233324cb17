//! The searchable values of tags and custom values, as rows of `crm.term`.
//!
//! The record's own row keeps tags and custom values as a document; what is searched needs typed columns, because no
//! index on an array or a document is used under row security. A transaction remembers the terms of the records that it
//! has read, so that saving a record whose terms did not change writes none.

use std::collections::HashMap;

use crm_core::kernel::{Entity, FieldKind, Stored, Term, terms};
use uuid::Uuid;

use crate::cell::{Cell, CellError, Kind, ValueCell};
use crate::statement::{Binds, Draft, Statement};

/// Name of the terms that are tags.
pub(crate) const TAG: &str = "tag";
pub(crate) const DELETE: &str = "delete from crm.term where organization_id = $1 and entity = $2 and record_id = $3";
/// Terms in one statement.
pub(crate) const TERMS_PER_INSERT: usize = 100;

/// The column of `crm.term` that holds values of this kind; nothing for kinds that no term has.
pub(crate) const fn term_column(kind: FieldKind) -> Option<&'static str> {
    match kind {
        FieldKind::Text => Some("text_value"),
        FieldKind::Integer => Some("integer_value"),
        FieldKind::Bool => Some("bool_value"),
        FieldKind::Date => Some("date_value"),
        FieldKind::Uuid | FieldKind::Time | FieldKind::Tags | FieldKind::Custom => None,
    }
}

/// What a transaction knows of the stored terms, by entity and record, each with the version that has them.
#[derive(Default)]
pub(crate) struct KnownTerms(HashMap<(&'static str, Uuid), (i64, Vec<Term>)>);

impl KnownTerms {
    /// Remembers a record as it is stored now.
    pub(crate) fn remember<E: Entity>(&mut self, row: &Stored<E>) {
        self.0.insert((E::NAME, row.id.uuid()), (row.version, terms(row)));
    }

    pub(crate) fn forget<E: Entity>(&mut self, id: Uuid) {
        self.0.remove(&(E::NAME, id));
    }

    /// The terms that the record has in the version before this one, if they are known.
    pub(crate) fn before<E: Entity>(&self, row: &Stored<E>) -> Option<&[Term]> {
        let (version, terms) = self.0.get(&(E::NAME, row.id.uuid()))?;
        (*version == row.version - 1).then_some(terms)
    }
}

/// Removes all terms of a record.
pub(crate) fn delete<E: Entity>(organization: Uuid, id: Uuid) -> Result<Statement, CellError> {
    let mut binds = Binds::default();
    binds.push(&organization, Kind::Uuid)?;
    binds.push(E::NAME, Kind::Text)?;
    binds.push(&id, Kind::Uuid)?;
    Ok(Statement::named(DELETE.into(), binds))
}

/// Adds the terms of records that have none yet, in statements of [`TERMS_PER_INSERT`].
pub(crate) fn insert<E: Entity>(organization: Uuid, rows: &[Stored<E>]) -> Result<Vec<Statement>, CellError> {
    let all: Vec<_> =
        rows.iter().flat_map(|row| terms(row).into_iter().zip(0_i64..).map(|term| (row.id.uuid(), term))).collect();
    all.chunks(TERMS_PER_INSERT).map(|chunk| insert_some::<E>(organization, chunk)).collect()
}

fn insert_some<E: Entity>(organization: Uuid, chunk: &[(Uuid, (Term, i64))]) -> Result<Statement, CellError> {
    let mut draft = Draft::default();
    draft.binds.push(&organization, Kind::Uuid)?;
    draft.binds.push(E::NAME, Kind::Text)?;
    draft.say("insert into crm.term (organization_id, entity, record_id, position, name, ");
    draft.say("text_value, integer_value, bool_value, date_value) values ");
    for (index, (id, (term, position))) in chunk.iter().enumerate() {
        draft.say(if index == 0 { "($1, $2" } else { ", ($1, $2" });
        draft.say(", ");
        draft.bind(Cell(id, Kind::Uuid))?;
        draft.say(", ");
        draft.bind(Cell(position, Kind::BigInt))?;
        draft.say(", ");
        draft.bind(Cell(&term.name, Kind::Text))?;
        let kind = term.value.kind();
        if term_column(kind).is_none() {
            return Err(CellError(format!("a term cannot hold {}", kind.word())));
        }
        for column in [FieldKind::Text, FieldKind::Integer, FieldKind::Bool, FieldKind::Date] {
            if column == kind {
                draft.say(", ");
                draft.bind(ValueCell(&term.value))?;
            } else {
                draft.say(", null");
            }
        }
        draft.say(")");
    }
    Ok(draft.once())
}
