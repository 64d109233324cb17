//! Text to fields: one record from the beginning of a window, under one way of reading quotes.
//!
//! A reading depends only on the bytes it has passed: where more bytes could change it, it is cut short instead.

use super::dialect::{Delimiter, LineEnding};

/// What lies beyond a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Edge {
    /// The end of the file.
    End,
    /// Text that has not been read yet.
    More,
    /// Text beyond the longest record allowed.
    Full,
}

/// How a quote inside a quoted field is read when it is not doubled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quotes {
    /// It closes the field before a delimiter or line end and is text elsewhere.
    Lenient,
    /// Likewise, but quotes that are text come in pairs.
    Balanced,
    /// The field is taken as unquoted, its quotes as text.
    Literal,
}

/// One way of reading a record.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    pub(super) delimiter: Delimiter,
    pub(super) quotes: Quotes,
    /// Only fields that begin before this offset may span lines; others are closed at the end of their line.
    pub(super) spanning_before: usize,
    /// Whether to stop as soon as a field both spans lines and is damaged.
    pub(super) wary: bool,
}

impl Rules {
    /// Quoted fields may span lines.
    pub(super) fn spanning(delimiter: Delimiter) -> Self {
        Self { delimiter, quotes: Quotes::Lenient, spanning_before: usize::MAX, wary: false }
    }

    /// Every field ends with its line.
    pub(super) fn line(delimiter: Delimiter) -> Self {
        Self { spanning_before: 0, ..Self::spanning(delimiter) }
    }
}

/// What is wrong with the quotes of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Damage {
    UnescapedQuote,
    MissingClosingQuote,
}

/// The place of a field's content.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) is_quoted: bool,
    pub(super) has_escapes: bool,
    pub(super) spans_lines: bool,
    pub(super) damage: Option<Damage>,
}

/// A whole record.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) fields: Vec<Field>,
    pub(super) delimiter: Delimiter,
    /// Offset behind the line ending.
    pub(super) end: usize,
    /// `None` at the end of the file.
    pub(super) line_ending: Option<LineEnding>,
    /// How many physical lines it takes.
    pub(super) lines: u64,
}

/// Why there is no whole record.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stop {
    /// The window ended first.
    Cut {
        /// Column from 1 that was open.
        column: usize,
        /// Where that field begins.
        start: usize,
        /// Whether it was a quoted one.
        is_quoted: bool,
    },
    /// The field that begins at `start` spans lines and is damaged; `seen` is where both had become true.
    Suspicious { start: usize, seen: usize },
}

impl Field {
    /// Offset where the field begins, with its opening quote.
    pub(super) fn outer_start(&self) -> usize {
        self.start.saturating_sub(usize::from(self.is_quoted))
    }

    pub(super) fn text(&self, window: &str) -> String {
        let content = window.get(self.start..self.end).unwrap_or_default();
        if self.has_escapes { content.replace("\"\"", "\"") } else { content.to_owned() }
    }
}

impl Reading {
    pub(super) fn is_damaged(&self) -> bool {
        self.fields.iter().any(|field| field.damage.is_some())
    }

    /// The field whose closing quote is missing.
    pub(super) fn unclosed(&self) -> Option<&Field> {
        self.fields.iter().find(|field| field.damage == Some(Damage::MissingClosingQuote))
    }

    /// Whether an unquoted field has quotes, which no sound writer leaves there.
    pub(super) fn has_stray_quotes(&self, bytes: &[u8]) -> bool {
        let stray = |field: &&Field| !field.is_quoted && contains_quote(bytes, field.start, field.end);
        self.fields.iter().any(|field| stray(&field))
    }
}

fn contains_quote(bytes: &[u8], start: usize, end: usize) -> bool {
    bytes.get(start..end).is_some_and(|content| content.contains(&b'"'))
}

/// Reads the record at the beginning of `bytes`.
pub(super) fn split(bytes: &[u8], edge: Edge, rules: Rules) -> Result<Reading, Stop> {
    Splitter { bytes, edge, rules, delimiter: rules.delimiter.byte(), fields: Vec::new(), lines: 1 }.record()
}

struct Splitter<'a> {
    bytes: &'a [u8],
    edge: Edge,
    rules: Rules,
    delimiter: u8,
    fields: Vec<Field>,
    lines: u64,
}

impl Splitter<'_> {
    fn record(mut self) -> Result<Reading, Stop> {
        let mut at = 0;
        loop {
            let (field, after) = if self.byte(at) == Some(b'"') { self.quoted(at)? } else { self.bare(at)? };
            self.fields.push(field);
            let (line_ending, length) = match self.byte(after) {
                Some(b'\n') => (Some(LineEnding::Lf), 1),
                Some(b'\r') => match self.byte(after + 1) {
                    Some(b'\n') => (Some(LineEnding::CrLf), 2),
                    None if self.edge != Edge::End => return Err(self.cut(&field)),
                    _ => (Some(LineEnding::Cr), 1),
                },
                None => (None, 0),
                Some(_) => {
                    at = after + 1;
                    continue;
                }
            };
            let Self { fields, lines, .. } = self;
            return Ok(Reading { fields, delimiter: self.rules.delimiter, end: after + length, line_ending, lines });
        }
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.bytes.get(at).copied()
    }

    fn find(&self, from: usize, wanted: impl Fn(u8) -> bool) -> Option<usize> {
        let rest = self.bytes.get(from..)?;
        rest.iter().position(|&byte| wanted(byte)).map(|offset| from + offset)
    }

    fn ends_field(&self, byte: u8) -> bool {
        byte == self.delimiter || byte == b'\n' || byte == b'\r'
    }

    fn cut(&self, field: &Field) -> Stop {
        Stop::Cut { column: self.fields.len() + 1, start: field.outer_start(), is_quoted: field.is_quoted }
    }

    /// An unquoted field, and the offset behind it.
    fn bare(&self, start: usize) -> Result<(Field, usize), Stop> {
        let found = self.find(start, |byte| self.ends_field(byte));
        let end = found.unwrap_or(self.bytes.len());
        let field = Field { start, end, is_quoted: false, has_escapes: false, spans_lines: false, damage: None };
        if found.is_none() && self.edge != Edge::End { Err(self.cut(&field)) } else { Ok((field, end)) }
    }

    /// A quoted field, and the offset behind it.
    fn quoted(&mut self, start: usize) -> Result<(Field, usize), Stop> {
        let Rules { quotes, spanning_before, wary, .. } = self.rules;
        let lines = self.lines;
        let (mut cursor, mut is_inner) = (start + 1, false);
        let mut field =
            Field { start: cursor, end: cursor, is_quoted: true, has_escapes: false, spans_lines: false, damage: None };
        let end = loop {
            let found = self.find(cursor, |byte| matches!(byte, b'"' | b'\n' | b'\r'));
            let next = found.and_then(|found| self.byte(found + 1));
            // Without the byte that follows, neither a quote nor a carriage return can be understood.
            if next.is_none() && self.edge != Edge::End {
                return Err(self.cut(&field));
            }
            let Some(found) = found else { break None };
            if self.byte(found) != Some(b'"') {
                if start >= spanning_before {
                    break None;
                }
                field.spans_lines = true;
                self.lines += u64::from((self.byte(found), next) != (Some(b'\r'), Some(b'\n')));
                cursor = found + 1;
            } else if is_inner {
                is_inner = false;
                cursor = found + 1;
            } else if next.is_none_or(|byte| self.ends_field(byte)) {
                break Some(found);
            } else if next == Some(b'"') {
                field.has_escapes = true;
                cursor = found + 2;
            } else {
                field.damage = Some(Damage::UnescapedQuote);
                is_inner = quotes == Quotes::Balanced;
                cursor = found + 1;
            }
            if field.damage.is_some() && quotes == Quotes::Literal {
                break None;
            }
            if wary && field.spans_lines && field.damage.is_some() {
                return Err(Stop::Suspicious { start, seen: found });
            }
        };
        match end {
            Some(end) => Ok((Field { end, ..field }, end + 1)),
            None if quotes == Quotes::Literal => {
                self.lines = lines;
                self.literal(start)
            }
            None => {
                let end = if start >= spanning_before { self.line_end(cursor) } else { self.bytes.len() };
                Ok((Field { end, damage: Some(Damage::MissingClosingQuote), ..field }, end))
            }
        }
    }

    /// A field that begins with a quote but is read as unquoted; a quote without a partner is dropped.
    fn literal(&self, start: usize) -> Result<(Field, usize), Stop> {
        let (mut field, after) = self.bare(start)?;
        let content = self.bytes.get(start..after).unwrap_or_default();
        if content.split(|&byte| byte == b'"').count() % 2 == 1 {
            // So many pieces lie between an even number of quotes.
            field.damage = Some(Damage::UnescapedQuote);
        } else {
            field.damage = Some(Damage::MissingClosingQuote);
            field.start += 1;
        }
        Ok((field, after))
    }

    fn line_end(&self, from: usize) -> usize {
        self.find(from, |byte| matches!(byte, b'\n' | b'\r')).unwrap_or(self.bytes.len())
    }
}
