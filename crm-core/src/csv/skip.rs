//! Passing over a record without holding it.

use super::dialect::Delimiter;

/// Looks for the end of one record, fed piece by piece; reads quotes as [`Lenient`](super::split::Quotes) does.
#[derive(Debug)]
pub(super) struct Skipper {
    delimiter: u8,
    place: Place,
    lines: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    FieldStart,
    Bare,
    Quoted,
    /// Behind a quote inside a quoted field.
    Quote,
    /// Behind a carriage return inside a quoted field.
    QuotedReturn,
    /// Behind the carriage return that ends the record.
    Return,
}

impl Skipper {
    pub(super) fn new(delimiter: Delimiter) -> Self {
        Self { delimiter: delimiter.byte(), place: Place::FieldStart, lines: 0 }
    }

    /// How many line ends it has passed.
    pub(super) fn lines(&self) -> u64 {
        self.lines
    }

    /// Passes over `bytes`; how many of them belong to the record, if it ends there.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Option<usize> {
        for (at, &byte) in bytes.iter().enumerate() {
            let is_quoted = matches!(self.place, Place::Quoted | Place::QuotedReturn);
            match byte {
                _ if self.place == Place::Return => return Some(if byte == b'\n' { at + 1 } else { at }),
                b'\n' => {
                    self.lines += u64::from(self.place != Place::QuotedReturn);
                    if !is_quoted {
                        return Some(at + 1);
                    }
                    self.place = Place::Quoted;
                }
                b'\r' => {
                    self.lines += 1;
                    self.place = if is_quoted { Place::QuotedReturn } else { Place::Return };
                }
                b'"' if is_quoted => self.place = Place::Quote,
                b'"' if self.place == Place::FieldStart => self.place = Place::Quoted,
                _ if is_quoted => self.place = Place::Quoted,
                byte if byte == self.delimiter => self.place = Place::FieldStart,
                // The second of a doubled quote, or text behind a quote that was none of the grammar's.
                _ if self.place == Place::Quote => self.place = Place::Quoted,
                _ if self.place == Place::FieldStart => self.place = Place::Bare,
                _ => {}
            }
        }
        None
    }
}
