//! Chooses among the readings of a record when the one as written does not fit.

use super::dialect::Delimiter;
use super::split::{Damage, Edge, Quotes, Reading, Rules, Stop, split};

/// How many of the lines behind a doubtful one are looked at.
const EVIDENCE: usize = 16;

/// What is known of the file where a record is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Context {
    pub(super) delimiter: Delimiter,
    /// Columns of the header; `None` while reading it.
    pub(super) columns: Option<usize>,
    pub(super) max_cell: usize,
    /// Look of the first cell of the record before.
    pub(super) first_look: Option<Look>,
    /// Whether it is known that no quoted field that spans lines is ever closed from here on.
    pub(super) nothing_closes: bool,
}

/// What is to be done with the window.
#[derive(Debug)]
pub(super) enum Choice {
    Take(Reading),
    /// Like `Take`, and from here to the end of the file no field that spans lines is closed.
    TakeLastClosing(Reading),
    NeedMore,
    /// The record is longer than the window may be; the open column, from 1, and whether that alone is too long.
    TooLarge {
        column: usize,
        is_cell: bool,
    },
}

/// What a cell looks like, where that is distinct enough to recognise a first column by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    Digits,
    Address,
    /// A word with a digit in it.
    Code,
}

impl Look {
    pub(super) fn of(cell: &[u8]) -> Option<Self> {
        let cell = cell.trim_ascii();
        if cell.is_empty() || cell.iter().any(u8::is_ascii_whitespace) {
            None
        } else if cell.iter().all(u8::is_ascii_digit) {
            Some(Self::Digits)
        } else if cell.contains(&b'@') {
            Some(Self::Address)
        } else {
            cell.iter().any(u8::is_ascii_digit).then_some(Self::Code)
        }
    }
}

fn first_look(bytes: &[u8], reading: &Reading) -> Option<Look> {
    reading.fields.first().and_then(|field| Look::of(bytes.get(field.start..field.end)?))
}

/// Chooses the reading of the record at the beginning of `bytes`, as the rules in [`super`] say.
pub(super) fn choose(bytes: &[u8], edge: Edge, context: &Context) -> Choice {
    let spanning =
        if context.nothing_closes { Rules::line(context.delimiter) } else { Rules::spanning(context.delimiter) };
    let first = split(bytes, edge, Rules { wary: context.columns.is_some(), ..spanning });
    match &first {
        Ok(reading) if fits(reading, context) => {
            return first.map_or(Choice::NeedMore, Choice::Take);
        }
        Err(Stop::Cut { .. }) if edge == Edge::More => return Choice::NeedMore,
        _ => {}
    }
    let doubt = Doubt { bytes, edge, context };
    if let Some(reading) = doubt.under_another_delimiter() {
        return Choice::Take(reading);
    }
    match doubt.closed_on_its_line(&first) {
        Verdict::Take(reading) => return Choice::Take(reading),
        Verdict::NeedMore => return Choice::NeedMore,
        Verdict::No => {}
    }
    let whole = match first {
        Err(Stop::Suspicious { .. }) => split(bytes, edge, spanning),
        other => other,
    };
    match whole {
        Ok(reading) => doubt.settle(reading),
        Err(_) if edge == Edge::More => Choice::NeedMore,
        Err(Stop::Cut { column, start, .. }) => {
            Choice::TooLarge { column, is_cell: bytes.len().saturating_sub(start) > context.max_cell }
        }
        // A reading that is not wary never says so.
        Err(Stop::Suspicious { .. }) => Choice::TooLarge { column: 1, is_cell: false },
    }
}

fn fits(reading: &Reading, context: &Context) -> bool {
    let columns = context.columns.is_none_or(|columns| columns == reading.fields.len());
    columns && !reading.is_damaged() && !has_large_cell(reading, context)
}

fn has_large_cell(reading: &Reading, context: &Context) -> bool {
    reading.fields.iter().any(|field| field.end - field.start > context.max_cell)
}

enum Verdict {
    Take(Reading),
    NeedMore,
    No,
}

/// A record whose reading as written does not fit.
struct Doubt<'a> {
    bytes: &'a [u8],
    edge: Edge,
    context: &'a Context,
}

impl Doubt<'_> {
    fn is_as_wide_as_the_header(&self, reading: &Reading) -> bool {
        self.context.columns == Some(reading.fields.len())
    }

    /// The first line, if it lacks columns under the file's delimiter and has them under another.
    fn under_another_delimiter(&self) -> Option<Reading> {
        let columns = self.context.columns.filter(|&columns| columns > 1)?;
        let own = split(self.bytes, self.edge, Rules::line(self.context.delimiter)).ok()?;
        if own.fields.len() >= columns {
            return None;
        }
        let known = self.context.first_look;
        let looks_known = |reading: &Reading| known.is_some() && first_look(self.bytes, reading) == known;
        Delimiter::ALL.into_iter().filter(|&delimiter| delimiter != self.context.delimiter).find_map(|delimiter| {
            let other = split(self.bytes, self.edge, Rules::line(delimiter)).ok()?;
            let is_sound = !other.is_damaged() && !other.has_stray_quotes(self.bytes);
            let is_likelier = own.fields.len() == 1 || (looks_known(&other) && !looks_known(&own));
            (other.fields.len() == columns && is_sound && is_likelier).then_some(other)
        })
    }

    /// The record with the quote that spans lines closed, if the next lines are then rows.
    fn closed_on_its_line(&self, first: &Result<Reading, Stop>) -> Verdict {
        let (start, until) = match first {
            Err(Stop::Suspicious { start, seen }) => (*start, *seen),
            Err(Stop::Cut { start, is_quoted: true, .. }) => (*start, self.bytes.len()),
            Ok(reading) if !self.is_as_wide_as_the_header(reading) || has_large_cell(reading, self.context) => {
                match reading.fields.iter().find(|field| field.spans_lines) {
                    Some(field) => (field.outer_start(), reading.end),
                    None => return Verdict::No,
                }
            }
            _ => return Verdict::No,
        };
        // In a file of one column every line is a row, which proves nothing unless there is damage.
        if self.context.columns.is_none_or(|columns| columns == 1 && !matches!(first, Err(Stop::Suspicious { .. }))) {
            return Verdict::No;
        }
        // A row that lacks columns as well is still better than one that swallows the rows behind it.
        let short = || self.closed_at_line_end(start).filter(|_| first.is_err());
        let Some(reading) = self.ending_with_line(start).or_else(short) else { return Verdict::No };
        match self.are_rows(reading.end, until, first_look(self.bytes, &reading)) {
            Some(true) => Verdict::Take(reading),
            Some(false) => Verdict::No,
            None => Verdict::NeedMore,
        }
    }

    /// The reading as wide as the header in which the field at `start` ends with its line at the latest.
    fn ending_with_line(&self, start: usize) -> Option<Reading> {
        let line = Rules { spanning_before: start, ..Rules::spanning(self.context.delimiter) };
        let read = |quotes| {
            split(self.bytes, self.edge, Rules { quotes, ..line })
                .ok()
                .filter(|reading| self.is_as_wide_as_the_header(reading))
        };
        let closed = |reading: &Reading| reading.unclosed().is_none();
        read(Quotes::Balanced)
            .filter(closed)
            .or_else(|| read(Quotes::Literal).filter(closed))
            .or_else(|| read(Quotes::Lenient))
            .or_else(|| read(Quotes::Literal))
    }

    /// The reading in which the field at `start` is closed at the end of its line, as wide as that may be.
    fn closed_at_line_end(&self, start: usize) -> Option<Reading> {
        let line = Rules { spanning_before: start, ..Rules::spanning(self.context.delimiter) };
        split(self.bytes, self.edge, line).ok()
    }

    /// Whether the lines that begin in `from..until` are rows of their own; `None` if more must be read to tell.
    fn are_rows(&self, from: usize, until: usize, look: Option<Look>) -> Option<bool> {
        let (mut at, mut lines, mut rows) = (from, 0_usize, 0_usize);
        while lines < EVIDENCE && (at < until || lines == 0) {
            let rest = self.bytes.get(at..).unwrap_or_default();
            let line = split(rest, self.edge, Rules::line(self.context.delimiter));
            let line = match line {
                _ if rest.is_empty() && self.edge != Edge::More => break,
                Err(_) if self.edge == Edge::More => return None,
                Err(_) => break,
                Ok(line) => line,
            };
            at += line.end;
            if matches!(line.fields.as_slice(), [field] if field.start == field.end) {
                continue;
            }
            let is_spoilt = line.fields.iter().any(|field| field.damage == Some(Damage::UnescapedQuote));
            let is_first = look.is_none() || first_look(rest, &line) == look;
            lines += 1;
            rows += usize::from(
                self.is_as_wide_as_the_header(&line) && !is_spoilt && is_first && !line.has_stray_quotes(rest),
            );
        }
        Some(if self.context.columns == Some(1) { rows == lines } else { rows * 4 >= lines * 3 })
    }

    /// Makes the best of a whole reading that has no better alternative across lines.
    fn settle(&self, reading: Reading) -> Choice {
        if let Some(field) = reading.unclosed() {
            let start = field.outer_start();
            let closed = self.ending_with_line(start).or_else(|| self.closed_at_line_end(start));
            return Choice::TakeLastClosing(closed.unwrap_or(reading));
        }
        if reading.is_damaged() && self.context.columns.is_some() && !self.is_as_wide_as_the_header(&reading) {
            let extent = self.bytes.get(..reading.end).unwrap_or_default();
            let others = [Quotes::Balanced, Quotes::Literal]
                .map(|quotes| split(extent, Edge::End, Rules { quotes, ..Rules::spanning(self.context.delimiter) }));
            let wide = |other: &Reading| self.is_as_wide_as_the_header(other) && other.end == extent.len();
            if let Some(other) = others.into_iter().flatten().find(wide) {
                return Choice::Take(other);
            }
        }
        Choice::Take(reading)
    }
}
