//! The searchable values of tags and custom values, as rows of `crm.term`.
//!
//! The record's own row keeps tags and custom values as a document; what is searched needs typed columns, because no
//! index on an array or a document is used under row security. A transaction remembers the terms of the records that it
//! has read, so that saving a record whose terms did not change writes none.

use std::collections::HashMap;

use crm_core::kernel::{FieldKind, Term};
use uuid::Uuid;

use crate::cell::{CellError, Kind, ValueCell};
use crate::record::System;
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
    /// Remembers the terms of a record as it is stored now.
    pub(crate) fn remember(&mut self, entity: &'static str, row: System, terms: Vec<Term>) {
        self.0.insert((entity, row.id), (row.version, terms));
    }

    pub(crate) fn forget(&mut self, entity: &'static str, id: Uuid) {
        self.0.remove(&(entity, id));
    }

    /// The terms that the record has in the version before this one, if they are known.
    pub(crate) fn before(&self, entity: &'static str, row: System) -> Option<&Vec<Term>> {
        let (version, terms) = self.0.get(&(entity, row.id))?;
        (version.checked_add(1) == Some(row.version)).then_some(terms)
    }
}

/// Removes all terms of a record.
pub(crate) fn delete(organization: Uuid, entity: &str, id: Uuid) -> Result<Statement, CellError> {
    let mut binds = Binds::default();
    binds.push(&organization, Kind::Uuid)?;
    binds.push(entity, Kind::Text)?;
    binds.push(&id, Kind::Uuid)?;
    Ok(Statement::named(DELETE.into(), binds))
}

/// The terms one by one, each with its record and its place there.
pub(crate) fn flat(rows: &[(System, Vec<Term>)]) -> Vec<(Uuid, &Term, i64)> {
    rows.iter()
        .flat_map(|(row, terms)| terms.iter().zip(0_i64..).map(|(term, position)| (row.id, term, position)))
        .collect()
}

/// Adds terms of records that have none yet, [`TERMS_PER_INSERT`] at most.
pub(crate) fn insert(organization: Uuid, entity: &str, terms: &[(Uuid, &Term, i64)]) -> Result<Statement, CellError> {
    let mut draft = Draft::default();
    draft.binds.push(&organization, Kind::Uuid)?;
    write(&mut draft, entity, terms)?;
    Ok(draft.once())
}

/// Writes such a statement. The organization is the first of the draft's values already.
pub(crate) fn write(draft: &mut Draft, entity: &str, terms: &[(Uuid, &Term, i64)]) -> Result<(), CellError> {
    let entity = draft.binds.push(entity, Kind::Text)?;
    draft.say("insert into crm.term (organization_id, entity, record_id, position, name, ");
    draft.say("text_value, integer_value, bool_value, date_value) values ");
    for (index, (id, term, position)) in terms.iter().enumerate() {
        draft.say(if index == 0 { "($1, $" } else { ", ($1, $" });
        draft.say(&entity.to_string());
        draft.say(", ");
        draft.value(id, Kind::Uuid)?;
        draft.say(", ");
        draft.value(position, Kind::BigInt)?;
        draft.say(", ");
        draft.value(&term.name, Kind::Text)?;
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
    Ok(())
}
