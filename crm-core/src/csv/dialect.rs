//! Which delimiter and which line ending a file uses.

use std::cmp::Reverse;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::split::{Edge, Reading, Rules, split};

/// How many records decide about the delimiter.
const SAMPLE: usize = 200;

/// What stands between two cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delimiter {
    /// `,`
    Comma,
    /// `;`
    Semicolon,
    /// The tab character.
    Tab,
    /// `|`
    Pipe,
}

impl Delimiter {
    /// All of them, the likeliest first.
    pub const ALL: [Self; 4] = [Self::Comma, Self::Semicolon, Self::Tab, Self::Pipe];

    /// The character itself.
    #[must_use]
    pub fn character(self) -> char {
        char::from(self.byte())
    }

    pub(super) fn byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Semicolon => b';',
            Self::Tab => b'\t',
            Self::Pipe => b'|',
        }
    }
}

impl fmt::Display for Delimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Comma => "commas",
            Self::Semicolon => "semicolons",
            Self::Tab => "tabs",
            Self::Pipe => "pipes",
        })
    }
}

/// What ends a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineEnding {
    /// Line feed.
    Lf,
    /// Carriage return and line feed.
    CrLf,
    /// Carriage return alone.
    Cr,
}

impl fmt::Display for LineEnding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Lf => "LF",
            Self::CrLf => "CR LF",
            Self::Cr => "CR",
        })
    }
}

/// How a file is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dialect {
    /// What stands between two cells.
    pub delimiter: Delimiter,
    /// What ends the header; `None` when the file ends with it.
    pub line_ending: Option<LineEnding>,
}

/// The delimiter that a first line such as `sep=;` declares, and the length of that line.
pub(super) fn declared(bytes: &[u8], edge: Edge) -> Option<(Delimiter, usize)> {
    let line = split(bytes, edge, Rules::line(Delimiter::Comma)).ok()?;
    let length = line.end;
    Delimiter::ALL.into_iter().find_map(|delimiter| {
        let mark = [b's', b'e', b'p', b'=', delimiter.byte()];
        let rest = bytes.get(..length)?.strip_prefix(&mark)?;
        rest.iter().all(|byte| matches!(byte, b'\r' | b'\n')).then_some((delimiter, length))
    })
}

/// The delimiter under which the window reads best; comma when none splits its first record.
pub(super) fn sniff(bytes: &[u8], edge: Edge) -> Delimiter {
    let scores = Delimiter::ALL.map(|delimiter| (score(bytes, edge, delimiter), delimiter));
    let splitting = scores.into_iter().filter_map(|(score, delimiter)| Some((score?, delimiter)));
    // Of equals `min_by_key` takes the first, which is the likeliest.
    splitting.min_by_key(|(score, _)| Reverse(*score)).map_or(Delimiter::Comma, |(_, delimiter)| delimiter)
}

/// How well a delimiter fits: sound records in a thousand, columns, and cells that do not begin with a space.
fn score(bytes: &[u8], edge: Edge, delimiter: Delimiter) -> Option<(usize, usize, usize)> {
    let (mut at, mut records, mut sound, mut columns, mut cells, mut flush) =
        (0, 0_usize, 0_usize, 0, 0_usize, 0_usize);
    while records < SAMPLE {
        let rest = bytes.get(at..).filter(|rest| !rest.is_empty());
        let Some(rest) = rest else { break };
        let Ok(reading) = split(rest, edge, Rules::spanning(delimiter)) else { break };
        at += reading.end;
        if is_blank(&reading) {
            continue;
        }
        if records == 0 {
            columns = reading.fields.len();
        }
        records += 1;
        cells += reading.fields.len();
        flush += reading.fields.iter().filter(|field| rest.get(field.start) != Some(&b' ')).count();
        let fits = reading.fields.len() == columns && !reading.is_damaged() && !reading.has_stray_quotes(rest);
        sound += usize::from(fits);
    }
    (columns > 1).then(|| (sound * 1000 / records.max(1), columns, flush * 1000 / cells.max(1)))
}

fn is_blank(reading: &Reading) -> bool {
    matches!(reading.fields.as_slice(), [field] if field.start == field.end && !field.is_quoted)
}
