//! Rows before and after they are judged.

use super::ledger::IssueKind;
use super::ledger::{ImportIssue, ImportRow, RowOutcome};
use super::reading::{Findings, Reading};
use super::source::{SourceRow, UnreadableRow};
use crate::identity::RecordRef;
use crate::kernel::Error;

/// How a record is named that the caller may not see.
pub(super) const UNSEEN: &str = "a record that you cannot see";

/// A row as the source gave it.
#[derive(Debug)]
pub(super) enum Entry {
    Readable(SourceRow),
    Unreadable(UnreadableRow),
}

/// What became of a row.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) row: ImportRow,
    pub(super) issues: Vec<ImportIssue>,
}

impl Entry {
    pub(super) fn number(&self) -> u64 {
        match self {
            Self::Readable(row) => row.row,
            Self::Unreadable(row) => row.row,
        }
    }

    fn cells(&self) -> Option<Vec<String>> {
        match self {
            Self::Readable(row) => Some(row.cells.clone()),
            Self::Unreadable(_) => None,
        }
    }

    /// Begins to judge it: what was mended, and why it can't be read, is noted at once.
    pub(super) fn findings<'a>(&self, reading: &'a Reading) -> Findings<'a> {
        match self {
            Self::Readable(row) => {
                let mut findings = reading.findings(row.row, row.line);
                findings.note_repairs(row);
                findings
            }
            Self::Unreadable(row) => {
                let mut findings = reading.findings(row.row, row.line);
                let column = row.column.and_then(|number| reading.headers.get(number.checked_sub(1)?));
                findings.add(IssueKind::Error, column.map(String::as_str), &row.code, None, row.message.clone());
                findings
            }
        }
    }

    /// The row when something of the store or the domain refuses it.
    pub(super) fn refused(&self, reading: &Reading, error: &Error) -> Judged {
        let mut findings = self.findings(reading);
        findings.refuse(error);
        self.judged(reading, RowOutcome::Refused, None, findings)
    }

    /// The row with what became of it.
    pub(super) fn judged(
        &self,
        reading: &Reading,
        outcome: RowOutcome,
        record: Option<RecordRef>,
        findings: Findings<'_>,
    ) -> Judged {
        let row = ImportRow {
            import_id: reading.import_id,
            row_number: i64::try_from(self.number()).unwrap_or(i64::MAX),
            outcome,
            record_kind: record.map(|record| record.kind),
            record_id: record.map(|record| record.id),
            cells: if outcome.is_left_out() { self.cells() } else { None },
        };
        Judged { row, issues: findings.issues }
    }
}
