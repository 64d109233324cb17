//! What holds for every input: well-formed files are untouched, nothing is lost silently, and nothing panics.

use std::io::{self, Read};

use ::csv::{QuoteStyle, Terminator, WriterBuilder};
use proptest::prelude::*;

use super::{read, told};
use crate::csv::repair::{Choice, Context, Look, choose};
use crate::csv::split::Edge;
use crate::csv::{CsvError, CsvOptions, CsvReader, Delimiter, RepairKind};

type Rows = Vec<Vec<String>>;

/// Cells of anything but NUL, rich in what a CSV reader may stumble over.
fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[\",;\t|\r\n 'a1@ë]{0,8}",
        1 => any::<String>().prop_map(|text| text.replace('\0', "")),
        1 => "[a-z0-9 ]{0,12}",
    ]
}

/// Rows of one width, and that width.
fn table() -> impl Strategy<Value = (usize, Rows)> {
    (1_usize..6).prop_flat_map(|columns| {
        (Just(columns), prop::collection::vec(prop::collection::vec(cell(), columns..=columns), 0..12))
    })
}

fn header(columns: usize) -> Vec<String> {
    (0..columns).map(|column| format!("name{column}")).collect()
}

fn written(columns: usize, rows: &Rows, style: QuoteStyle, delimiter: Delimiter, terminator: Terminator) -> Vec<u8> {
    let mut builder = WriterBuilder::new();
    builder.quote_style(style).delimiter(delimiter.byte()).terminator(terminator);
    let mut writer = builder.from_writer(Vec::new());
    writer.write_record(header(columns)).unwrap();
    for row in rows {
        writer.write_record(row).unwrap();
    }
    writer.into_inner().unwrap()
}

/// Asserts that the bytes read as exactly these rows, with nothing mended.
fn assert_untouched(bytes: &[u8], columns: usize, rows: &Rows, options: &CsvOptions) {
    let (headers, found) = read(bytes, options).unwrap();
    assert_eq!(headers, header(columns));
    let found: Vec<_> = found.into_iter().map(Result::unwrap).collect();
    assert_eq!(&found.iter().map(|record| record.cells.clone()).collect::<Rows>(), rows);
    assert!(found.iter().all(|record| record.repairs.is_empty()), "{found:?}");
}

fn damaged_text() -> impl Strategy<Value = String> {
    "(a,b,c\n|a;b\n|a\n)?([0-9a-c]|[0-9a-c]|\"|\"|,|,|;|\n|\r\n|\r|\t| |ë|@){0,60}"
}

fn damaged_bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        any::<Vec<u8>>(),
        damaged_text().prop_map(String::into_bytes),
        prop::collection::vec(prop_oneof![Just(b'"'), Just(b','), Just(b'\n'), Just(b'\r'), any::<u8>()], 0..200),
        prop::collection::vec(any::<u8>(), 0..100).prop_map(|bytes| [b"\xFF\xFE".as_slice(), &bytes].concat()),
    ]
}

fn limits() -> impl Strategy<Value = CsvOptions> {
    (any::<bool>(), any::<bool>(), prop_oneof![Just((1 << 20, 4 << 20)), (1_usize..20, 1_usize..60)]).prop_map(
        |(repair, unneutralise, (max_cell, max_record))| CsvOptions {
            repair,
            unneutralise,
            max_cell,
            max_record,
            ..CsvOptions::default()
        },
    )
}

/// Hands out at most `size` bytes at once, and is interrupted now and then.
struct Trickle<'a> {
    bytes: &'a [u8],
    size: usize,
    calls: usize,
}

impl Read for Trickle<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.calls += 1;
        if self.calls.is_multiple_of(5) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let length = buffer.len().min(self.size);
        self.bytes.read(&mut buffer[..length])
    }
}

fn letters<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    texts.into_iter().flat_map(str::chars).filter(|character| character.is_alphanumeric()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_well_formed_file_is_never_changed(
        (columns, rows) in table(), always in any::<bool>(), delimiter in prop::sample::select(&Delimiter::ALL[..]),
        crlf in any::<bool>(), strict in any::<bool>(),
    ) {
        let style = if always { QuoteStyle::Always } else { QuoteStyle::Necessary };
        let terminator = if crlf { Terminator::CRLF } else { Terminator::Any(b'\n') };
        let bytes = written(columns, &rows, style, delimiter, terminator);
        let base = if strict { CsvOptions::strict() } else { CsvOptions::default() };
        assert_untouched(&bytes, columns, &rows, &CsvOptions { delimiter: Some(delimiter), ..base });
    }

    #[test]
    fn a_well_formed_file_whose_header_splits_is_read_without_being_told_how(
        (columns, rows) in table(), always in any::<bool>(), delimiter in prop::sample::select(&Delimiter::ALL[..]),
    ) {
        // Quotes everywhere leave no doubt about one column; otherwise one column has no delimiter at all.
        let delimiter = if columns == 1 && !always { Delimiter::Comma } else { delimiter };
        let style = if always { QuoteStyle::Always } else { QuoteStyle::Necessary };
        let bytes = written(columns, &rows, style, delimiter, Terminator::CRLF);
        assert_untouched(&bytes, columns, &rows, &CsvOptions::default());
    }

    #[test]
    fn nothing_is_lost_without_being_reported(text in damaged_text()) {
        let mut reader = match CsvReader::open(text.as_bytes(), CsvOptions::default()) {
            Ok(reader) => reader,
            Err(CsvError::NoColumnNames { .. }) => return Ok(()),
            Err(_) => {
                prop_assert_eq!(letters([text.as_str()]), "");
                return Ok(());
            }
        };
        let columns = reader.headers().len();
        let mut header = reader.headers().to_vec();
        for repair in reader.header_repairs() {
            if let (Some(column), RepairKind::HeaderRenamed { from }) = (repair.column, &repair.kind) {
                header[column - 1].clone_from(from);
            }
        }
        let mut found = letters(header.iter().map(String::as_str));
        for (row, record) in (1..).zip(reader.by_ref()) {
            let record = record.unwrap();
            prop_assert_eq!((record.row, record.cells.len()), (row, columns));
            found += &letters(record.cells.iter().map(String::as_str));
            for repair in &record.repairs {
                prop_assert_eq!(repair.row, row);
                if let RepairKind::SurplusColumns { cells } = &repair.kind {
                    found += &letters(cells.iter().map(String::as_str));
                }
            }
        }
        prop_assert_eq!(found, letters([text.as_str()]));
    }

    #[test]
    fn no_bytes_make_it_panic_and_the_size_of_reads_makes_no_difference(
        bytes in damaged_bytes(), options in limits(), size in 1_usize..9,
    ) {
        let whole = told(bytes.as_slice(), &options);
        prop_assert_eq!(whole, told(Trickle { bytes: &bytes, size, calls: 0 }, &options));
    }

    /// What is decided on a part of the text is decided so on the whole of it.
    #[test]
    fn a_decision_never_depends_on_how_much_has_been_read(
        text in damaged_text(), columns in prop::option::of(1_usize..4), max_cell in prop_oneof![Just(5_usize), Just(1000)],
        delimiter in prop::sample::select(&Delimiter::ALL[..]),
    ) {
        let first_look = Some(Look::Digits);
        let context = Context { delimiter, columns, max_cell, first_look, nothing_closes: false };
        let whole = format!("{:?}", choose(text.as_bytes(), Edge::End, &context));
        for length in 1..text.len() {
            match choose(&text.as_bytes()[..length], Edge::More, &context) {
                Choice::NeedMore => {}
                choice => prop_assert_eq!(&format!("{choice:?}"), &whole, "at {}", length),
            }
        }
    }
}

#[test]
fn the_size_of_reads_makes_no_difference_across_many_windows() {
    let mut text = "id,note,tag\r\n".to_owned();
    for row in 0..12_000 {
        text += ["1,\"two\r\nlines\",x\r\n", "2,\"open\r\n", "3;ë;z\n", "4,un\nquoted,€\r", "5,\"a \"b\" c\",d\r\n"]
            [row % 5];
    }
    assert!(text.len() > 2 * 64 * 1024);
    let whole = told(text.as_bytes(), &CsvOptions::default());
    for size in [1, 7, 4096, 65_537] {
        assert_eq!(told(Trickle { bytes: text.as_bytes(), size, calls: 0 }, &CsvOptions::default()), whole);
    }
}
