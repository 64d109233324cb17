//! Writing CSV that a spreadsheet will not execute.
//!
//! RFC 4180 with CR LF, in UTF-8, one record at a time. A text that a spreadsheet would take for a formula gets a
//! quote `'` before it; [`unneutralise`] takes exactly that quote away again, whatever the text was. Cells that hold
//! any common delimiter are quoted, so that a spreadsheet that splits at semicolons finds no new cell in them.

use std::io::{self, Write};

use rust_decimal::Decimal;

/// One cell to be written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell<'a> {
    /// Text that a person or another system gave; neutralised.
    Text(&'a str),
    /// A number, which is safe with its sign: `-12.50`.
    Number(Decimal),
    /// Nothing.
    Empty,
}

/// Writes records to `W`, which should be buffered.
#[derive(Debug)]
pub struct CsvWriter<W> {
    writer: W,
    line: String,
    columns: Option<usize>,
}

impl<W: Write> CsvWriter<W> {
    /// Begins a file; its first record should name the columns.
    pub fn new(writer: W) -> Self {
        Self { writer, line: String::new(), columns: None }
    }

    /// Writes one record.
    ///
    /// # Errors
    /// That of the writer; `InvalidInput` when the record has no cells or not as many as the first one, or when a
    /// text has a NUL character, which no CSV reader takes. Nothing is written then.
    pub fn write<'a>(&mut self, cells: impl IntoIterator<Item = Cell<'a>>) -> io::Result<()> {
        self.line.clear();
        let mut count = 0;
        for cell in cells {
            if count > 0 {
                self.line.push(',');
            }
            count += 1;
            match cell {
                Cell::Text(text) if text.contains('\0') => {
                    return Err(invalid(format!("column {count} has a NUL character; remove it")));
                }
                Cell::Text(text) => push_text(&mut self.line, text),
                Cell::Number(number) => self.line.push_str(&number.to_string()),
                Cell::Empty => {}
            }
        }
        let columns = *self.columns.get_or_insert(count);
        if count == 0 || count != columns {
            return Err(invalid(format!("the record has {count} cells; give it as many as the first, {columns}")));
        }
        if self.line.is_empty() {
            // A blank line would be no record at all.
            self.line.push_str("\"\"");
        }
        self.line.push_str("\r\n");
        self.writer.write_all(self.line.as_bytes())
    }

    /// Flushes and gives the writer back.
    ///
    /// # Errors
    /// That of the writer.
    pub fn finish(mut self) -> io::Result<W> {
        self.writer.flush()?;
        Ok(self.writer)
    }
}

fn invalid(message: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, message)
}

fn push_text(line: &mut String, text: &str) {
    let mark = if is_dangerous(text) { "'" } else { "" };
    if text.contains([',', ';', '\t', '|', '"', '\r', '\n']) {
        line.extend(["\"", mark, &text.replace('"', "\"\""), "\""]);
    } else {
        line.extend([mark, text]);
    }
}

/// Puts a quote `'` before a text that a spreadsheet would take for a formula; leaves others as they are.
///
/// That is a text which begins with `=`, `+`, `-`, `@`, their fullwidth forms, tab, carriage return or line feed,
/// also behind blanks, and (so that it can be undone) behind such quotes.
#[must_use]
pub fn neutralise(text: &str) -> String {
    if is_dangerous(text) { format!("'{text}") } else { text.to_owned() }
}

/// Takes away the quote that [`neutralise`] put before a text.
#[must_use]
pub fn unneutralise(text: &str) -> &str {
    text.strip_prefix('\'').filter(|rest| is_dangerous(rest)).unwrap_or(text)
}

fn is_dangerous(text: &str) -> bool {
    let mut behind = text.trim_start_matches('\'').chars();
    behind.find(|&character| starts_formula(character) || !is_blank(character)).is_some_and(starts_formula)
}

fn starts_formula(character: char) -> bool {
    matches!(character, '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠')
}

fn is_blank(character: char) -> bool {
    character.is_whitespace() || matches!(character, '\u{FEFF}' | '\u{200B}')
}
