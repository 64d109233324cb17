//! Bytes to text: a sliding window over a decoded file, with marks where the bytes were not what they should be.

use std::collections::VecDeque;
use std::io::{self, Read};

use encoding_rs::{Decoder, DecoderResult, UTF_16BE, UTF_16LE, WINDOWS_1252};
use serde::{Deserialize, Serialize};

use super::error::CsvError;
use super::split::Edge;

/// How much is read at once, and how much decides about encoding and delimiter.
const CHUNK: usize = 64 * 1024;

/// How the bytes of a file stand for text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    Utf8,
    /// UTF-16, low byte first.
    Utf16Le,
    /// UTF-16, high byte first.
    Utf16Be,
    /// Windows-1252, and with it ISO-8859-1 text.
    Windows1252,
}

impl Encoding {
    const MARKS: [(&'static [u8], Self); 3] =
        [(b"\xEF\xBB\xBF", Self::Utf8), (b"\xFF\xFE", Self::Utf16Le), (b"\xFE\xFF", Self::Utf16Be)];

    /// The decoder, where the standard library's own is not enough.
    fn decoder(self) -> Option<Decoder> {
        let encoding = match self {
            Self::Utf8 => return None,
            Self::Utf16Le => UTF_16LE,
            Self::Utf16Be => UTF_16BE,
            Self::Windows1252 => WINDOWS_1252,
        };
        Some(encoding.new_decoder_without_bom_handling())
    }

    /// UTF-8 when it is valid or mostly so; a few damaged characters do not make a file Windows-1252.
    fn guess(window: &[u8], is_whole_file: bool) -> Self {
        let (mut characters, mut invalid) = (0_usize, 0_usize);
        let mut chunks = window.utf8_chunks().peekable();
        while let Some(chunk) = chunks.next() {
            characters += chunk.valid().bytes().filter(|&byte| byte >= 0xC0).count();
            let cut = chunks.peek().is_none() && !is_whole_file && is_cut_character(chunk.invalid());
            invalid += usize::from(!chunk.invalid().is_empty() && !cut);
        }
        if invalid == 0 || characters > invalid { Self::Utf8 } else { Self::Windows1252 }
    }
}

/// Whether the bytes are the beginning of a character that more bytes could complete.
fn is_cut_character(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_err_and(|error| error.error_len().is_none())
}

/// Names of file kinds that are often sent by mistake, by their first bytes.
fn binary_kind(window: &[u8]) -> Option<&'static str> {
    let kinds: [(&[u8], &str); 4] = [
        (b"PK\x03\x04", "an Excel workbook or another zip archive"),
        (b"\xD0\xCF\x11\xE0", "an old Excel workbook"),
        (b"\x1F\x8B", "a gzip archive"),
        (b"%PDF-", "a PDF document"),
    ];
    kinds.into_iter().find(|(magic, _)| window.starts_with(magic)).map(|(_, kind)| kind)
}

/// What was odd about the bytes at some place in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Oddity {
    Nul,
    Stray,
    Undecodable,
}

/// A file as decoded text, of which only what is being read is held.
#[derive(Debug)]
pub(super) struct Source<R> {
    reader: R,
    encoding: Encoding,
    decoder: Option<Decoder>,
    raw: Vec<u8>,
    text: String,
    /// Where the unread text begins in `text`.
    at: usize,
    /// How many bytes of decoded text came before `text`.
    base: u64,
    marks: VecDeque<(u64, Oddity)>,
    bytes_read: u64,
    ended: bool,
}

impl<R: Read> Source<R> {
    pub(super) fn open(mut reader: R, encoding: Option<Encoding>, guess: bool) -> Result<Self, CsvError> {
        let mut raw = Vec::new();
        let ended = read_chunk(&mut reader, &mut raw).map_err(CsvError::Unreadable)?;
        if let Some(kind) = binary_kind(&raw) {
            return Err(CsvError::NotText(kind));
        }
        let bytes_read = to_u64(raw.len());
        let marked = Encoding::MARKS.into_iter().find(|(mark, _)| raw.starts_with(mark));
        let encoding = encoding
            .or(marked.map(|(_, encoding)| encoding))
            .unwrap_or_else(|| if guess { Encoding::guess(&raw, ended) } else { Encoding::Utf8 });
        if let Some((mark, _)) = marked.filter(|(_, marked)| *marked == encoding) {
            raw.drain(..mark.len());
        }
        let mut source = Self {
            reader,
            encoding,
            decoder: encoding.decoder(),
            raw,
            text: String::new(),
            at: 0,
            base: 0,
            marks: VecDeque::new(),
            bytes_read,
            ended,
        };
        source.decode();
        Ok(source)
    }

    pub(super) fn encoding(&self) -> Encoding {
        self.encoding
    }

    pub(super) fn bytes_read(&self) -> u64 {
        self.bytes_read
    }

    /// Bytes of memory that hold text.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.raw.capacity() + self.text.capacity()
    }

    /// The unread text that is held.
    pub(super) fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// The unread text as bytes, at most `limit`, and what lies beyond it.
    pub(super) fn window(&self, limit: usize) -> (&[u8], Edge) {
        let rest = self.rest().as_bytes();
        match rest.get(..limit) {
            Some(window) if rest.len() > limit => (window, Edge::Full),
            _ => (rest, if self.ended { Edge::End } else { Edge::More }),
        }
    }

    /// Reads on until at least `wanted` more bytes of text are held or the file ends.
    pub(super) fn fill(&mut self, wanted: usize) -> Result<(), CsvError> {
        self.text.drain(..self.at);
        self.base += to_u64(self.at);
        self.at = 0;
        let goal = self.text.len().saturating_add(wanted.max(1));
        while !self.ended && self.text.len() < goal {
            let before = self.raw.len();
            self.ended = read_chunk(&mut self.reader, &mut self.raw).map_err(CsvError::Unreadable)?;
            self.bytes_read += to_u64(self.raw.len() - before);
            self.decode();
        }
        Ok(())
    }

    /// Takes `length` bytes of text as read, and gives the marks in it as offsets from its beginning.
    pub(super) fn advance(&mut self, length: usize) -> Vec<(usize, Oddity)> {
        let start = self.base + to_u64(self.at);
        self.at = self.at.saturating_add(length).min(self.text.len());
        let end = self.base + to_u64(self.at);
        let mut taken = Vec::new();
        while let Some((_, oddity)) = self.marks.front().copied().filter(|(at, _)| *at < end) {
            let offset = self.marks.pop_front().map_or(0, |(at, _)| at - start);
            taken.push((usize::try_from(offset).unwrap_or(usize::MAX), oddity));
        }
        taken
    }

    fn decode(&mut self) {
        let raw = std::mem::take(&mut self.raw);
        let kept = match self.decoder.take() {
            None => self.decode_utf8(&raw),
            Some(mut decoder) => {
                self.decode_with(&mut decoder, &raw);
                self.decoder = Some(decoder);
                raw.len()
            }
        };
        self.raw = raw;
        self.raw.drain(..kept);
    }

    /// Decodes all but a character that the chunk has cut; returns how many bytes that were.
    fn decode_utf8(&mut self, raw: &[u8]) -> usize {
        let mut chunks = raw.utf8_chunks().peekable();
        while let Some(chunk) = chunks.next() {
            self.push(chunk.valid());
            let invalid = chunk.invalid();
            if chunks.peek().is_none() && !self.ended && is_cut_character(invalid) {
                return raw.len() - invalid.len();
            }
            if !invalid.is_empty() {
                self.mark(Oddity::Stray);
                let (text, _) = WINDOWS_1252.decode_without_bom_handling(invalid);
                self.push(&text);
            }
        }
        raw.len()
    }

    fn decode_with(&mut self, decoder: &mut Decoder, raw: &[u8]) {
        let mut rest = raw;
        let mut piece = String::new();
        loop {
            piece.clear();
            piece.reserve(decoder.max_utf8_buffer_length_without_replacement(rest.len()).unwrap_or(CHUNK));
            let (result, read) = decoder.decode_to_string_without_replacement(rest, &mut piece, self.ended);
            rest = rest.get(read..).unwrap_or_default();
            self.push(&piece);
            match result {
                DecoderResult::InputEmpty => return,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => {
                    self.mark(Oddity::Undecodable);
                    self.push("\u{FFFD}");
                }
            }
        }
    }

    fn mark(&mut self, oddity: Oddity) {
        self.marks.push_back((self.base + to_u64(self.text.len()), oddity));
    }

    fn push(&mut self, piece: &str) {
        let start = self.base + to_u64(self.text.len());
        self.marks.extend(piece.match_indices('\0').map(|(at, _)| (start + to_u64(at), Oddity::Nul)));
        self.text.push_str(piece);
    }
}

/// Appends up to a chunk, the same for any sizes of single reads; says whether the file has ended.
fn read_chunk(reader: &mut impl Read, raw: &mut Vec<u8>) -> io::Result<bool> {
    let read = reader.take(to_u64(CHUNK)).read_to_end(raw)?;
    Ok(read < CHUNK)
}

pub(super) fn to_u64(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
