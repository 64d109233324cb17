//! A row as it is handed out, and what had to be mended in it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::dialect::{Delimiter, LineEnding};

/// One data row: as many cells as the header has columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Number of the data row, from 1. Blank lines do not count, refused rows do.
    pub row: u64,
    /// Physical line where the row begins, from 1.
    pub line: u64,
    /// The cells, in the order of the header.
    pub cells: Vec<String>,
    /// What was mended; empty for a well-formed row.
    pub repairs: Vec<Repair>,
}

/// Something that was mended, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repair {
    /// Number of the data row, from 1; 0 is the header.
    pub row: u64,
    /// Number of the column, from 1; `None` when the whole row is meant.
    pub column: Option<usize>,
    /// What was mended.
    pub kind: RepairKind,
}

/// What was mended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum RepairKind {
    /// A quote inside a quoted cell was not doubled; it is kept as text.
    UnescapedQuote,
    /// A quoted cell had no closing quote.
    MissingClosingQuote,
    /// The row was split at another delimiter than the file's.
    OtherDelimiter {
        /// The delimiter of this row.
        delimiter: Delimiter,
    },
    /// The row ends differently from the one before it.
    LineEndingChanged {
        /// The line ending of this row.
        line_ending: LineEnding,
    },
    /// Lines that follow were joined to the cell, since it held unquoted newlines.
    ContinuationLine {
        /// How many lines were joined.
        lines: u64,
    },
    /// The row had too few columns; empty cells were added.
    MissingColumns {
        /// How many columns the row had.
        found: usize,
    },
    /// The row had too many columns; the surplus is kept here only.
    SurplusColumns {
        /// The cells that have no column.
        cells: Vec<String>,
    },
    /// Bytes that are not UTF-8 were read as Windows-1252.
    StrayBytes,
    /// Bytes that mean nothing in the file's encoding were replaced by U+FFFD.
    UndecodableBytes,
    /// The name in the header was trimmed, numbered or made up.
    HeaderRenamed {
        /// The name as it stands in the file.
        from: String,
    },
}

impl fmt::Display for RepairKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnescapedQuote => f.write_str("a quote inside a quoted cell is not doubled"),
            Self::MissingClosingQuote => f.write_str("the closing quote is missing"),
            Self::OtherDelimiter { delimiter } => write!(f, "the row is delimited by {delimiter}"),
            Self::LineEndingChanged { line_ending } => write!(f, "the line ending changes to {line_ending}"),
            Self::ContinuationLine { lines } => write!(f, "the cell goes on unquoted for {lines} more line(s)"),
            Self::MissingColumns { found } => write!(f, "the row has only {found} column(s)"),
            Self::SurplusColumns { cells } => write!(f, "the row has cells beyond the last column: {cells:?}"),
            Self::StrayBytes => f.write_str("the cell has bytes that are not UTF-8"),
            Self::UndecodableBytes => f.write_str("the cell has bytes that mean nothing in the file's encoding"),
            Self::HeaderRenamed { from } => write!(f, "the column name {from:?} is padded, empty or not unique"),
        }
    }
}

impl fmt::Display for Repair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.column {
            Some(column) => write!(f, "row {}, column {column}: {}", self.row, self.kind),
            None => write!(f, "row {}: {}", self.row, self.kind),
        }
    }
}
