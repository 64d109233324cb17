//! Where rows come from: a file, a sheet, another system. The importer knows nothing else of them.

use crate::kernel::{Error, Result};

/// A table that is read once, row by row, from the first to the last.
///
/// Rows are numbered from 1; a row that cannot be read has a number too. The same content gives the same numbers, so
/// that an import which was cut off goes on behind the last row that was kept.
pub trait RowSource: Send {
    /// The column names, each of them once.
    fn headers(&self) -> &[String];
    /// What had to be mended in the header.
    fn header_notes(&self) -> Vec<CellNote> {
        Vec::new()
    }
    /// The next row, the reason why it cannot be read, or nothing at the end.
    ///
    /// # Errors
    /// [`SourceFault::Row`] costs that row only; after [`SourceFault::Fatal`] there are no more.
    fn next_row(&mut self) -> std::result::Result<Option<SourceRow>, SourceFault>;
    /// Drops rows until `row` is next; stops at the end of the source.
    ///
    /// # Errors
    /// When that row was handed out already, and those of reading.
    fn skip_to(&mut self, row: u64) -> Result<()>;
    /// How many bytes were read so far, for showing progress; zero when nobody knows.
    fn bytes_read(&self) -> u64 {
        0
    }
}

/// One row: as many cells as there are headers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceRow {
    /// Its number, from 1.
    pub row: u64,
    /// Where a person finds it: the line of a file, the row of a sheet, from 1.
    pub line: u64,
    /// The cells, in the order of the headers.
    pub cells: Vec<String>,
    /// What had to be mended.
    pub notes: Vec<CellNote>,
}

/// Something that was mended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellNote {
    /// Number of the column from 1; nothing when the whole row is meant.
    pub column: Option<usize>,
    /// What was mended, as a sentence.
    pub message: String,
}

/// A row that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadableRow {
    /// Its number, from 1.
    pub row: u64,
    /// Where a person finds it, from 1.
    pub line: u64,
    /// Number of the column to blame from 1, where one can be named.
    pub column: Option<usize>,
    /// Stable identifier of the form `noun.reason`.
    pub code: String,
    /// What is wrong and what to do, as a sentence.
    pub message: String,
}

/// Why the next row cannot be had.
#[derive(Debug)]
pub enum SourceFault {
    /// This row is unreadable; the next may be sound.
    Row(UnreadableRow),
    /// Nothing more can be read.
    Fatal(Error),
}
