//! Records one after the other, numbered by line only; what they mean for the table is the reader's affair.

use std::io::Read;

use super::decode::{Encoding, Oddity, Source};
use super::dialect::{self, Delimiter, LineEnding};
use super::draft::Draft;
use super::error::{CsvError, Problem};
use super::options::CsvOptions;
use super::record::RepairKind;
use super::repair::{Choice, Context, Look, choose};
use super::skip::Skipper;
use super::split::{Damage, Edge, Field, Reading};

/// The records of a file, from the first line on.
#[derive(Debug)]
pub(super) struct Records<R> {
    source: Source<R>,
    options: CsvOptions,
    delimiter: Delimiter,
    /// Physical line that is read next, from 1.
    line: u64,
    /// How the last record ended.
    line_ending: Option<LineEnding>,
    nothing_closes: bool,
}

/// Why there is no record.
#[derive(Debug)]
pub(super) enum Fault {
    /// There will be none any more.
    Fatal(CsvError),
    /// It cannot be read; the next one can.
    Refused { line: u64, column: Option<usize>, problem: Problem },
}

impl From<CsvError> for Fault {
    fn from(error: CsvError) -> Self {
        Self::Fatal(error)
    }
}

impl<R: Read> Records<R> {
    pub(super) fn open(reader: R, options: CsvOptions) -> Result<Self, CsvError> {
        let source = Source::open(reader, options.encoding, options.repair)?;
        let delimiter = options.delimiter.unwrap_or(Delimiter::Comma);
        let mut opened = Self { source, options, delimiter, line: 1, line_ending: None, nothing_closes: false };
        if opened.options.delimiter.is_none() && opened.options.repair {
            opened.find_delimiter();
        }
        Ok(opened)
    }

    pub(super) fn encoding(&self) -> Encoding {
        self.source.encoding()
    }

    pub(super) fn bytes_read(&self) -> u64 {
        self.source.bytes_read()
    }

    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.source.held()
    }

    pub(super) fn delimiter(&self) -> Delimiter {
        self.delimiter
    }

    pub(super) fn line_ending(&self) -> Option<LineEnding> {
        self.line_ending
    }

    fn find_delimiter(&mut self) {
        let (bytes, edge) = self.source.window(self.options.max_record);
        if let Some((delimiter, length)) = dialect::declared(bytes, edge) {
            self.delimiter = delimiter;
            self.source.advance(length);
            self.line += 1;
        } else {
            self.delimiter = dialect::sniff(bytes, edge);
        }
    }

    /// Reads the next record as it stands; `columns` is `None` for the header, `first_look` that of the row before.
    pub(super) fn read(&mut self, columns: Option<usize>, first_look: Option<Look>) -> Result<Option<Draft>, Fault> {
        let mut blank_lines = 0;
        loop {
            let (bytes, edge) = self.source.window(self.options.max_record);
            let held = bytes.len();
            if held == 0 && edge == Edge::End {
                return Ok(None);
            }
            match blank_line(bytes, edge, columns != Some(1)) {
                Blank::Line(length) => {
                    self.source.advance(length);
                    self.line += 1;
                    blank_lines += 1;
                    continue;
                }
                Blank::NeedMore => {
                    self.source.fill(held)?;
                    continue;
                }
                Blank::No => {}
            }
            let context = Context {
                delimiter: self.delimiter,
                columns,
                max_cell: self.options.max_cell,
                first_look,
                nothing_closes: self.nothing_closes,
            };
            match choose(bytes, edge, &context) {
                Choice::NeedMore => self.source.fill(held)?,
                Choice::TooLarge { column, is_cell } => return Err(self.pass_over(column, is_cell)?),
                Choice::Take(reading) => return self.draft(&reading, blank_lines).map(Some),
                Choice::TakeLastClosing(reading) => {
                    self.nothing_closes = true;
                    return self.draft(&reading, blank_lines).map(Some);
                }
            }
        }
    }

    /// Copies a reading out of the window and moves on behind it.
    fn draft(&mut self, reading: &Reading, blank_lines: usize) -> Result<Draft, Fault> {
        let line = self.line;
        self.line += reading.lines;
        let line_ending = reading.line_ending.or(self.line_ending);
        let ended_before = std::mem::replace(&mut self.line_ending, line_ending);
        let text = self.source.rest();
        let found = reading.fields.len();
        let is_allowed = found <= self.options.max_columns;
        let cells = if is_allowed { reading.fields.iter().map(|field| field.text(text)).collect() } else { Vec::new() };
        let oddities = self.source.advance(reading.end);
        if !is_allowed {
            let problem = Problem::TooManyColumns { found, limit: self.options.max_columns };
            return Err(Fault::Refused { line, column: None, problem });
        }
        let mut repairs = quote_repairs(&reading.fields);
        if reading.delimiter != self.delimiter {
            repairs.push((None, RepairKind::OtherDelimiter { delimiter: reading.delimiter }));
        }
        for (at, oddity) in oddities {
            let column = Some(reading.fields.iter().take_while(|field| field.end <= at).count() + 1);
            let repair = match oddity {
                Oddity::Nul => return Err(Fault::Refused { line, column, problem: Problem::Nul }),
                Oddity::Stray => (column, RepairKind::StrayBytes),
                Oddity::Undecodable => (column, RepairKind::UndecodableBytes),
            };
            // One word about a cell is enough, however many bytes are meant.
            if repairs.last() != Some(&repair) {
                repairs.push(repair);
            }
        }
        let has_changed = |line_ending: &LineEnding| ended_before.is_some_and(|before| before != *line_ending);
        if let Some(line_ending) = line_ending.filter(has_changed) {
            repairs.push((None, RepairKind::LineEndingChanged { line_ending }));
        }
        let is_quoted = |field: &Field| field.is_quoted;
        Ok(Draft {
            line,
            cells,
            repairs,
            blank_lines,
            begins_quoted: reading.fields.first().is_some_and(is_quoted),
            ends_quoted: reading.fields.last().is_some_and(is_quoted),
        })
    }

    /// Passes over a record that is longer than may be held; the fault that names it.
    fn pass_over(&mut self, column: usize, is_cell: bool) -> Result<Fault, CsvError> {
        let line = self.line;
        let mut skipper = Skipper::new(self.delimiter);
        loop {
            let rest = self.source.rest();
            let passed = skipper.feed(rest.as_bytes());
            let length = passed.unwrap_or(rest.len());
            self.source.advance(length);
            if passed.is_some() {
                break;
            }
            self.source.fill(1)?;
            if self.source.rest().is_empty() {
                break;
            }
        }
        self.line += skipper.lines();
        let CsvOptions { max_cell, max_record, .. } = self.options;
        let (column, problem) = if is_cell {
            (Some(column), Problem::CellTooLarge { limit: max_cell })
        } else {
            (None, Problem::RecordTooLarge { limit: max_record })
        };
        Ok(Fault::Refused { line, column, problem })
    }
}

fn quote_repairs(fields: &[Field]) -> Vec<(Option<usize>, RepairKind)> {
    let repair = |(index, field): (usize, &Field)| {
        let kind = match field.damage? {
            Damage::UnescapedQuote => RepairKind::UnescapedQuote,
            Damage::MissingClosingQuote => RepairKind::MissingClosingQuote,
        };
        Some((Some(index + 1), kind))
    };
    fields.iter().enumerate().filter_map(repair).collect()
}

enum Blank {
    Line(usize),
    NeedMore,
    No,
}

/// Whether the window begins with an empty line, or one of spaces where those cannot be a cell.
fn blank_line(bytes: &[u8], edge: Edge, spaces_are_blank: bool) -> Blank {
    let is_space = |byte: &u8| spaces_are_blank && *byte == b' ';
    let spaces = bytes.iter().position(|byte| !is_space(byte)).unwrap_or(bytes.len());
    match (bytes.get(spaces), bytes.get(spaces + 1)) {
        (Some(b'\r'), None) | (None, _) if edge == Edge::More => Blank::NeedMore,
        (Some(b'\r'), Some(b'\n')) => Blank::Line(spaces + 2),
        (Some(b'\n' | b'\r'), _) => Blank::Line(spaces + 1),
        (None, _) if edge == Edge::End => Blank::Line(spaces),
        _ => Blank::No,
    }
}
