//! The reader: opens a file, hands out numbered rows, and goes on after a row that cannot be read.

use std::io::Read;
use std::iter::FusedIterator;

use super::decode::Encoding;
use super::dialect::Dialect;
use super::draft::Draft;
use super::error::{Column, CsvError, Problem, Refusal};
use super::header::unique_names;
use super::options::CsvOptions;
use super::record::{Record, Repair, RepairKind};
use super::records::{Fault, Records};
use super::write::unneutralise;

/// Reads a CSV file row by row, mending what can be mended.
///
/// Iterating gives each row or the reason why that row cannot be read. After an error that [`CsvError::is_fatal`]
/// there are no more rows.
///
/// ```
/// use crm_core::csv::{CsvOptions, CsvReader};
///
/// let mut reader = CsvReader::open("id;name\n1;Zoë\n2\n".as_bytes(), CsvOptions::default())?;
/// assert_eq!(reader.headers(), ["id", "name"]);
/// let rows = reader.by_ref().collect::<Result<Vec<_>, _>>()?;
/// assert_eq!(rows[0].cells, ["1", "Zoë"]);
/// assert_eq!(rows[1].cells, ["2", ""]);
/// assert_eq!(rows[1].repairs[0].to_string(), "row 2, column 2: the row has only 1 column(s)");
/// # Ok::<(), crm_core::csv::CsvError>(())
/// ```
#[derive(Debug)]
pub struct CsvReader<R> {
    records: Records<R>,
    options: CsvOptions,
    dialect: Dialect,
    headers: Vec<String>,
    header_repairs: Vec<Repair>,
    /// The row that is read but not handed out, since a continuation line may follow.
    pending: Option<Result<Draft, CsvError>>,
    /// Rows that have been begun; the last of them may still be pending.
    begun: u64,
    handed_out: u64,
    is_over: bool,
}

impl<R: Read> CsvReader<R> {
    /// Reads the header and finds out about encoding and delimiter.
    ///
    /// # Errors
    /// [`CsvError::Unreadable`], [`CsvError::Empty`], [`CsvError::NotText`], [`CsvError::NoColumnNames`], or
    /// [`CsvError::Header`] when the header is damaged beyond repair or its limits.
    pub fn open(reader: R, options: CsvOptions) -> Result<Self, CsvError> {
        let records = Records::open(reader, options.clone())?;
        let dialect = Dialect { delimiter: records.delimiter(), line_ending: None };
        let mut opened = Self {
            records,
            options,
            dialect,
            headers: Vec::new(),
            header_repairs: Vec::new(),
            pending: None,
            begun: 0,
            handed_out: 0,
            is_over: false,
        };
        opened.read_header()?;
        Ok(opened)
    }

    /// The column names: trimmed, never empty, each of them once.
    #[must_use]
    pub fn headers(&self) -> &[String] {
        &self.headers
    }

    /// What had to be mended in the header; their row is 0.
    #[must_use]
    pub fn header_repairs(&self) -> &[Repair] {
        &self.header_repairs
    }

    /// How the file is laid out.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// How the bytes of the file are read.
    #[must_use]
    pub fn encoding(&self) -> Encoding {
        self.records.encoding()
    }

    /// How many bytes were taken from the source; somewhat ahead of the rows.
    #[must_use]
    pub fn bytes_read(&self) -> u64 {
        self.records.bytes_read()
    }

    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.records.held()
    }

    /// Reads and drops rows, refused ones too, until `row` (from 1) is next; stops at the end of the file.
    ///
    /// # Errors
    /// [`CsvError::Passed`] when that row has been handed out already; fatal errors of the rows before it.
    pub fn skip_to(&mut self, row: u64) -> Result<(), CsvError> {
        let next = self.handed_out + 1;
        if row < next {
            return Err(CsvError::Passed { wanted: row, next });
        }
        while self.handed_out + 1 < row {
            match self.next() {
                None => break,
                Some(Err(error)) if error.is_fatal() => return Err(error),
                Some(_) => {}
            }
        }
        Ok(())
    }

    fn read_header(&mut self) -> Result<(), CsvError> {
        let draft = self.records.read(None, None).map_err(|fault| self.error(fault))?.ok_or(CsvError::Empty)?;
        let line = draft.line;
        let Record { mut cells, mut repairs, .. } = self.settle(draft, 0).map_err(CsvError::Header)?;
        let names = unique_names(&cells);
        for (index, (name, cell)) in names.iter().zip(&mut cells).enumerate() {
            if name != cell {
                let kind = RepairKind::HeaderRenamed { from: cell.clone() };
                repairs.push(Repair { row: 0, column: Some(index + 1), kind });
            }
        }
        if cells.iter().all(|cell| cell.trim().is_empty()) {
            return Err(CsvError::NoColumnNames { line });
        }
        self.refuse_damage(0, line, &repairs).map_err(CsvError::Header)?;
        self.headers = names;
        self.header_repairs = repairs;
        self.dialect.line_ending = self.records.line_ending();
        Ok(())
    }

    /// The columns of the header, once that is read.
    fn columns(&self) -> Option<usize> {
        Some(self.headers.len()).filter(|&columns| columns > 0)
    }

    /// The error about the record that was to be read.
    fn error(&self, fault: Fault) -> CsvError {
        match fault {
            Fault::Fatal(error) => error,
            Fault::Refused { line, column, problem } => match self.columns() {
                None => CsvError::Header(self.refusal(0, line, column, problem)),
                Some(_) => CsvError::Row(self.refusal(self.begun + 1, line, column, problem)),
            },
        }
    }

    fn refusal(&self, row: u64, line: u64, column: Option<usize>, problem: Problem) -> Refusal {
        let name = |number: usize| self.headers.get(number.checked_sub(1)?).cloned();
        Refusal { row, line, column: column.map(|number| Column { number, name: name(number) }), problem }
    }

    /// Makes a draft, to which no more lines belong, as wide as the header.
    fn settle(&self, draft: Draft, row: u64) -> Result<Record, Refusal> {
        let Draft { line, mut cells, repairs, .. } = draft;
        let limit = self.options.max_cell;
        if let Some(index) = cells.iter().position(|cell| cell.len() > limit) {
            return Err(self.refusal(row, line, Some(index + 1), Problem::CellTooLarge { limit }));
        }
        let mut repairs: Vec<_> = repairs.into_iter().map(|(column, kind)| Repair { row, column, kind }).collect();
        if self.options.unneutralise {
            for cell in &mut cells {
                let length = unneutralise(cell).len();
                cell.drain(..cell.len() - length);
            }
        }
        if let Some(columns) = self.columns() {
            let found = cells.len();
            if found < columns {
                cells.resize(columns, String::new());
                let kind = RepairKind::MissingColumns { found };
                repairs.push(Repair { row, column: Some(found + 1), kind });
            } else if found > columns {
                let kind = RepairKind::SurplusColumns { cells: cells.split_off(columns) };
                repairs.push(Repair { row, column: Some(columns + 1), kind });
            }
        }
        self.refuse_damage(row, line, &repairs)?;
        Ok(Record { row, line, cells, repairs })
    }

    fn refuse_damage(&self, row: u64, line: u64, repairs: &[Repair]) -> Result<(), Refusal> {
        match repairs.first() {
            Some(Repair { column, kind, .. }) if !self.options.repair => {
                Err(self.refusal(row, line, *column, Problem::Damaged(kind.clone())))
            }
            _ => Ok(()),
        }
    }

    /// Numbers a row and hands it out.
    fn hand_out(&mut self, pending: Result<Draft, CsvError>) -> Result<Record, CsvError> {
        let result = pending.and_then(|draft| self.settle(draft, self.handed_out + 1).map_err(CsvError::Row));
        match &result {
            Err(error) if error.is_fatal() => self.is_over = true,
            _ => self.handed_out += 1,
        }
        result
    }
}

impl<R: Read> Iterator for CsvReader<R> {
    type Item = Result<Record, CsvError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.is_over {
            // Behind a fatal error there is nothing to read; it is handed out last.
            let is_last = matches!(&self.pending, Some(Err(error)) if error.is_fatal());
            let look = self.pending.as_ref().and_then(|open| open.as_ref().ok()?.look());
            let read = if is_last { Ok(None) } else { self.records.read(self.columns(), look) };
            let draft = match read {
                Ok(None) => {
                    self.is_over = self.pending.is_none();
                    return self.pending.take().map(|last| self.hand_out(last));
                }
                Ok(Some(draft)) => Ok(draft),
                Err(fault) => Err(self.error(fault)),
            };
            match (&mut self.pending, draft) {
                (Some(Ok(open)), Ok(draft)) if open.is_continued_by(&draft, self.headers.len()) => {
                    open.join(draft, self.options.max_cell);
                }
                (_, draft) => {
                    self.begun += 1;
                    if let Some(pending) = self.pending.replace(draft) {
                        return Some(self.hand_out(pending));
                    }
                }
            }
        }
        None
    }
}

impl<R: Read> FusedIterator for CsvReader<R> {}
