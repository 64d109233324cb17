//! Reading damaged CSV files in any common encoding, and writing safe ones.
//!
//! An importer meets files that a standard CSV reader refuses or, worse, misreads: quotes that were never doubled, a
//! closing quote that is missing, a row with semicolons in a file of commas, a Latin-1 export. This room therefore has
//! a record splitter of its own: to mend a row one must know where it would have ended under another reading, and that
//! is gone once a reader has handed out cells. Bytes become text in `decode`, text becomes fields in `split`, `repair`
//! chooses among readings, and [`CsvReader`] numbers rows and reports every [`Repair`]. Memory is bounded by the
//! limits in [`CsvOptions`], never by the file.
//!
//! **A well-formed file is never changed.** The reading as written stands whenever it is free of damage and has as many
//! columns as the header; only otherwise are other readings tried. What cannot be told apart is decided so:
//! - *Encoding.* A byte order mark decides. Otherwise the first 64 KiB do: UTF-8 if valid, or if its multi-byte
//!   characters outnumber the invalid sequences; else Windows-1252 (of which ISO-8859-1 text is a part). An invalid
//!   sequence inside UTF-8 is read as Windows-1252 and reported. Mojibake stays as it is.
//! - *Delimiter.* Of `, ; tab |`, the one under which most records of the first 64 KiB are whole and as wide as the
//!   header; then the one with most columns. None in the header: comma. A first line `sep=;` is obeyed.
//! - *Quote in a quoted field.* It closes the field before a delimiter or line end, and is text elsewhere. When that
//!   misses the column count, inner quotes are paired, then the field is taken as if it were unquoted.
//! - *Missing closing quote.* A quoted field may span lines. If it never closes, or closes in damage or in a wrong
//!   number of columns, and the lines after it read as rows of their own (three of four, at most sixteen are looked
//!   at), the quote is closed at the end of its line, or where the line alone then has all its columns.
//! - *Other delimiter.* A row without the file's delimiter, but with the right number of columns under another. A row
//!   that has both needs its first cell to look like that of the row before (digits, an address, a code).
//! - *Continuation line.* A line without any delimiter after a complete row belongs to that row's last cell, unless it
//!   looks like the row's first cell. After an incomplete row, a line that does not look like a first cell while the
//!   row does is joined if it does not exceed the columns.
//! - *Too few columns* are filled with empty cells; *too many* are cut, and the repair carries their text.
//! - *Blank lines* are skipped (unless a continuation line follows: then they are part of the text), and so are lines
//!   of spaces in a file of more than one column.
//!
//! What cannot be read is refused with row, column and remedy: NUL, a cell, record or header beyond its limit. Such a
//! [`CsvError::Row`] costs only that row.

mod decode;
mod dialect;
mod draft;
mod error;
pub mod header;
mod options;
mod reader;
mod record;
mod records;
mod repair;
mod skip;
mod split;
mod write;

#[cfg(test)]
mod tests;

pub use decode::Encoding;
pub use dialect::{Delimiter, Dialect, LineEnding};
pub use error::{Column, CsvError, Problem, Refusal};
pub use options::CsvOptions;
pub use reader::CsvReader;
pub use record::{Record, Repair, RepairKind};
pub use write::{Cell, CsvWriter, neutralise, unneutralise};
