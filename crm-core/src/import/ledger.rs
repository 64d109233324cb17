//! What became of the rows of an import: the ledger, its sums, and what a person should know about single cells.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::model::{Import, ImportId};
use crate::identity::{RecordKind, RecordRef};
use crate::kernel::{Column, Entity, Field, Key, Part, Reference, Value, ValueRef};

/// What became of the rows so far. `read` is the sum of all others but `flagged`, which is a part of `created`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct ImportCounts {
    /// Rows that were judged.
    pub read: u64,
    /// New records.
    pub created: u64,
    /// New records that may be doubles and wait for a person's look.
    pub flagged: u64,
    /// Known, and linked to their record.
    pub linked: u64,
    /// Known, and their record was filled or overwritten.
    pub updated: u64,
    /// Known, and left alone.
    pub skipped: u64,
    /// The same row came before.
    pub repeated: u64,
    /// Possible doubles, not imported until a person confirms.
    pub warned: u64,
    /// Doubles that the policy keeps out.
    pub blocked: u64,
    /// Not imported, since something in the row is wrong; see the issues.
    pub refused: u64,
}

/// What became of one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "see the fields of `ImportCounts`")]
pub enum RowOutcome {
    Created,
    Flagged,
    Linked,
    Updated,
    Skipped,
    Repeated,
    Warned,
    Blocked,
    Refused,
}

impl RowOutcome {
    /// The name in JSON and in stores.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Flagged => "flagged",
            Self::Linked => "linked",
            Self::Updated => "updated",
            Self::Skipped => "skipped",
            Self::Repeated => "repeated",
            Self::Warned => "warned",
            Self::Blocked => "blocked",
            Self::Refused => "refused",
        }
    }

    /// Whether the row led to no record, so that it belongs into the error file.
    #[must_use]
    pub const fn is_left_out(self) -> bool {
        matches!(self, Self::Warned | Self::Blocked | Self::Refused)
    }
}

impl ImportCounts {
    /// How many rows led to a record, new or known.
    #[must_use]
    pub fn kept(&self) -> u64 {
        self.created + self.linked + self.updated + self.skipped + self.repeated
    }

    /// Counts one row.
    pub fn count(&mut self, outcome: RowOutcome) {
        self.read += 1;
        let counter = match outcome {
            RowOutcome::Created => &mut self.created,
            RowOutcome::Flagged => {
                self.created += 1;
                &mut self.flagged
            }
            RowOutcome::Linked => &mut self.linked,
            RowOutcome::Updated => &mut self.updated,
            RowOutcome::Skipped => &mut self.skipped,
            RowOutcome::Repeated => &mut self.repeated,
            RowOutcome::Warned => &mut self.warned,
            RowOutcome::Blocked => &mut self.blocked,
            RowOutcome::Refused => &mut self.refused,
        };
        *counter += 1;
    }
}

/// What became of one row. Kept for every row, so that nobody has to guess what an import did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImportRow {
    /// The import.
    pub import_id: ImportId,
    /// Number of the row, from 1.
    pub row_number: i64,
    /// What became of it.
    pub outcome: RowOutcome,
    /// Kind of the record that it led to.
    pub record_kind: Option<RecordKind>,
    /// The record that it led to.
    pub record_id: Option<Uuid>,
    /// The cells, when they were left out and could be read: they go into the error file.
    pub cells: Option<Vec<String>>,
}

impl ImportRow {
    /// The import.
    pub const IMPORT: Column<Self, ImportId> =
        Column::required_indexed("import_id", |row| ValueRef::Uuid(row.import_id.uuid()));
    /// Number of the row.
    pub const ROW: Column<Self, i64> = Column::required("row_number", |row| ValueRef::Integer(row.row_number));
    /// What became of it.
    pub const OUTCOME: Column<Self, String> = Column::required("outcome", |row| ValueRef::Text(row.outcome.as_str()));

    /// The record that it led to.
    #[must_use]
    pub fn record(&self) -> Option<RecordRef> {
        Some(RecordRef { kind: self.record_kind?, id: self.record_id? })
    }
}

impl Entity for ImportRow {
    const NAME: &'static str = "import_row";
    const FIELDS: &'static [Field<Self>] = &[Self::IMPORT.field(), Self::ROW.field(), Self::OUTCOME.field()];
    const UNIQUE: &'static [Key<Self>] = &[Key {
        name: "row_number",
        columns: &["import_id", "row_number"],
        read: |row| Some(vec![Value::Uuid(row.import_id.uuid()), Value::Integer(row.row_number)]),
    }];
    const REFERENCES: &'static [Reference<Self>] =
        &[Reference { column: "import_id", target: Import::NAME, read: |row| Some(row.import_id.uuid()) }];
}
impl Part for ImportRow {}

/// Whether an issue kept its row out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum IssueKind {
    /// It did.
    Error,
    /// It did not: something was mended, left out or decided, and a person may want to know.
    Note,
}

/// Something about a cell or row that a person should know.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImportIssue {
    /// The import.
    pub import_id: ImportId,
    /// Number of the row, from 1; 0 is the header.
    pub row_number: i64,
    /// The line of the file where the row begins, from 1.
    pub line_number: i64,
    /// Name of the column, where one can be named.
    pub column_name: Option<String>,
    /// Stable identifier of the form `noun.reason`.
    pub code: String,
    /// The cell, cut after 200 characters.
    pub value: Option<String>,
    /// What is wrong and what to do, as a sentence.
    pub message: String,
    /// Whether it kept the row out.
    pub kind: IssueKind,
}

impl ImportIssue {
    /// The import.
    pub const IMPORT: Column<Self, ImportId> =
        Column::required_indexed("import_id", |row| ValueRef::Uuid(row.import_id.uuid()));
    /// Number of the row.
    pub const ROW: Column<Self, i64> = Column::required("row_number", |row| ValueRef::Integer(row.row_number));
}

impl Entity for ImportIssue {
    const NAME: &'static str = "import_issue";
    const FIELDS: &'static [Field<Self>] = &[Self::IMPORT.field(), Self::ROW.field()];
    const REFERENCES: &'static [Reference<Self>] =
        &[Reference { column: "import_id", target: Import::NAME, read: |issue| Some(issue.import_id.uuid()) }];
}
impl Part for ImportIssue {}
