//! CSV files as a source of rows, and the fingerprint by which the same file is known again.

use std::fmt::Write as _;
use std::io::Read;

use sha2::{Digest, Sha256};

use super::model::Fingerprint;
use super::source::{CellNote, RowSource, SourceFault, SourceRow, UnreadableRow};
use crate::csv::{CsvError, CsvReader, Repair};
use crate::kernel::{Result, Rule};

impl<R: Read + Send> RowSource for CsvReader<R> {
    fn headers(&self) -> &[String] {
        Self::headers(self)
    }

    fn header_notes(&self) -> Vec<CellNote> {
        self.header_repairs().iter().map(note).collect()
    }

    fn next_row(&mut self) -> std::result::Result<Option<SourceRow>, SourceFault> {
        match self.next() {
            None => Ok(None),
            Some(Ok(record)) => Ok(Some(SourceRow {
                row: record.row,
                line: record.line,
                notes: record.repairs.iter().map(note).collect(),
                cells: record.cells,
            })),
            Some(Err(CsvError::Row(refusal))) => Err(SourceFault::Row(UnreadableRow {
                row: refusal.row,
                line: refusal.line,
                column: refusal.column.as_ref().map(|column| column.number),
                message: refusal.problem.to_string(),
                code: CsvError::Row(refusal).code().to_owned(),
            })),
            Some(Err(error)) => Err(SourceFault::Fatal(error.into())),
        }
    }

    fn skip_to(&mut self, row: u64) -> Result<()> {
        Ok(Self::skip_to(self, row)?)
    }

    fn bytes_read(&self) -> u64 {
        Self::bytes_read(self)
    }
}

fn note(repair: &Repair) -> CellNote {
    CellNote { column: repair.column, message: repair.kind.to_string() }
}

/// Reads content to its end and takes its fingerprint: SHA-256, in hexadecimal.
///
/// # Errors
/// `CsvError::Unreadable` when it cannot be read to its end.
pub fn fingerprint(mut content: impl Read) -> Result<Fingerprint> {
    let mut digest = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let length = content.read(&mut buffer).map_err(CsvError::Unreadable)?;
        if length == 0 {
            break;
        }
        digest.update(buffer.get(..length).unwrap_or_default());
    }
    let mut hexadecimal = String::with_capacity(64);
    for byte in digest.finalize() {
        // Writing to a text cannot fail.
        let _ = write!(hexadecimal, "{byte:02x}");
    }
    Fingerprint::parse(&hexadecimal)
}
