//! What a caller may say about a file, and the limits that bound memory.

use super::decode::Encoding;
use super::dialect::Delimiter;

/// How a file is to be read; the default finds out by itself and mends damage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CsvOptions {
    /// The delimiter, where it is known; otherwise it is found from the first 64 KiB.
    pub delimiter: Option<Delimiter>,
    /// The encoding, where it is known; otherwise it is found from the first 64 KiB.
    pub encoding: Option<Encoding>,
    /// Whether damage is mended and reported. If not, it is refused, and nothing is guessed.
    pub repair: bool,
    /// Whether the quote that an export put before a formula is taken away again.
    pub unneutralise: bool,
    /// Longest cell, in bytes of UTF-8. Longer ones cost the row.
    pub max_cell: usize,
    /// Longest record, in bytes of UTF-8 with its quotes and delimiters. Longer ones cost the row.
    pub max_record: usize,
    /// Most columns of a header or a row.
    pub max_columns: usize,
}

impl Default for CsvOptions {
    fn default() -> Self {
        Self {
            delimiter: None,
            encoding: None,
            repair: true,
            unneutralise: false,
            max_cell: 1 << 20,
            max_record: 4 << 20,
            max_columns: 1000,
        }
    }
}

impl CsvOptions {
    /// Refuses damage instead of mending it; comma and UTF-8 unless told otherwise.
    #[must_use]
    pub fn strict() -> Self {
        Self { repair: false, ..Self::default() }
    }
}
