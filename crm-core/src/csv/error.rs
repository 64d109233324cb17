//! Why a file or a row of it cannot be read, where, and what to do.

use std::{fmt, io};

use super::record::RepairKind;
use crate::kernel::{FieldProblem, Kind, Rule};

/// A file or a row that cannot be read. Only [`CsvError::Row`] lets reading go on.
#[derive(Debug, thiserror::Error)]
pub enum CsvError {
    /// The source of bytes failed.
    #[error("the file cannot be read to its end: {0}; send it again")]
    Unreadable(#[source] io::Error),
    /// There is nothing in the file.
    #[error("the file is empty; send a file whose first line names the columns")]
    Empty,
    /// The file is of another kind, such as a workbook.
    #[error("the file is {0}, not text; save it as CSV in UTF-8 and send that")]
    NotText(&'static str),
    /// The first line has only empty cells.
    #[error("line {line} should name the columns, but all of its cells are empty; put a line with column names first")]
    NoColumnNames {
        /// Physical line of the header, from 1.
        line: u64,
    },
    /// The header cannot be read.
    #[error("{0}")]
    Header(Refusal),
    /// One row cannot be read; the next call goes on after it.
    #[error("{0}")]
    Row(Refusal),
    /// A row was asked for that has been read already.
    #[error("row {wanted} has been passed, row {next} is next; open the file again to go back")]
    Passed {
        /// The row that was asked for, from 1.
        wanted: u64,
        /// The row that can be read next, from 1.
        next: u64,
    },
}

/// The place of something that cannot be read, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Data row from 1; 0 is the header.
    pub row: u64,
    /// Physical line where the row begins, from 1.
    pub line: u64,
    /// The column, where one can be named.
    pub column: Option<Column>,
    /// What is wrong.
    pub problem: Problem,
}

/// A column by number and, when the header names it, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Number from 1.
    pub number: usize,
    /// Name in the header.
    pub name: Option<String>,
}

/// What makes a row or the header unreadable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The cell is longer than the limit.
    #[error("the cell is longer than {limit} bytes; shorten it, or close its quotes if one is missing")]
    CellTooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
    /// The record is longer than the limit.
    #[error("the record is longer than {limit} bytes; split it, or close its quotes if one is missing")]
    RecordTooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
    /// There are more columns than the limit.
    #[error("there are {found} columns, at most {limit} are read; remove columns or choose the delimiter")]
    TooManyColumns {
        /// How many there are.
        found: usize,
        /// The limit.
        limit: usize,
    },
    /// The text has a NUL character.
    #[error("the cell has a NUL character; remove it, or save the file as UTF-8 if it is UTF-16 without a mark")]
    Nul,
    /// Damage, in a reading that mends none.
    #[error("{0}; correct it, or allow repairs")]
    Damaged(RepairKind),
}

impl CsvError {
    /// Whether nothing more can be read. If not, the next row can.
    #[must_use]
    pub fn is_fatal(&self) -> bool {
        !matches!(self, Self::Row(_))
    }

    /// The place and the problem, where a row or the header is to blame.
    #[must_use]
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Header(refusal) | Self::Row(refusal) => Some(refusal),
            _ => None,
        }
    }
}

impl Problem {
    fn code(&self) -> &'static str {
        match self {
            Self::CellTooLarge { .. } => "csv.cell_too_large",
            Self::RecordTooLarge { .. } => "csv.record_too_large",
            Self::TooManyColumns { .. } => "csv.too_many_columns",
            Self::Nul => "csv.nul_character",
            Self::Damaged(_) => "csv.damaged",
        }
    }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "column {} ({name})", self.number),
            None => write!(f, "column {}", self.number),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.row {
            0 => write!(f, "header (line {})", self.line)?,
            row => write!(f, "row {row} (line {})", self.line)?,
        }
        if let Some(column) = &self.column {
            write!(f, ", {column}")?;
        }
        write!(f, ": {}", self.problem)
    }
}

impl Rule for CsvError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "csv.unreadable",
            Self::Empty => "csv.empty",
            Self::NotText(_) => "csv.not_text",
            Self::NoColumnNames { .. } => "csv.no_column_names",
            Self::Header(refusal) | Self::Row(refusal) => refusal.problem.code(),
            Self::Passed { .. } => "csv.row_passed",
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Unreadable(_) => Kind::Unavailable,
            Self::Passed { .. } => Kind::Conflict,
            _ => Kind::Invalid,
        }
    }

    fn fields(&self) -> Vec<FieldProblem> {
        let Some(refusal) = self.refusal() else { return Vec::new() };
        let row = match refusal.row {
            0 => "header".to_owned(),
            row => format!("rows[{row}]"),
        };
        let field = match &refusal.column {
            Some(Column { name: Some(name), .. }) => format!("{row}.{name}"),
            Some(Column { number, .. }) => format!("{row}.columns[{number}]"),
            None => row,
        };
        vec![FieldProblem::new(field, refusal.problem.code(), refusal.problem.to_string())]
    }
}
