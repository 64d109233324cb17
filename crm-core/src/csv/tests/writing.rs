//! Exported files are safe to open and give back what was put in.

use ::csv::ReaderBuilder;
use proptest::prelude::*;
use rust_decimal::Decimal;

use super::read;
use crate::csv::{Cell, CsvOptions, CsvWriter, neutralise, unneutralise};

const DANGEROUS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

fn written(rows: &[Vec<Cell<'_>>]) -> String {
    let mut writer = CsvWriter::new(Vec::new());
    for row in rows {
        writer.write(row.iter().copied()).unwrap();
    }
    String::from_utf8(writer.finish().unwrap()).unwrap()
}

/// What a reader that knows nothing of neutralising finds.
fn oracle(text: &str) -> Vec<Vec<String>> {
    let mut reader = ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}

fn risky_text() -> impl Strategy<Value = String> {
    prop_oneof!["[' =+@\t\r\n＝－\u{a0}a\",;|-]{0,6}", any::<String>().prop_map(|text| text.replace('\0', ""))]
}

#[test]
fn records_are_written_as_rfc_4180_says() {
    let rows = [
        vec![Cell::Text("id"), Cell::Text("say \"hi\", you"), Cell::Text("two\nlines")],
        vec![Cell::Number(Decimal::new(-1250, 2)), Cell::Empty, Cell::Text("Zoë")],
    ];
    assert_eq!(written(&rows), "id,\"say \"\"hi\"\", you\",\"two\nlines\"\r\n-12.50,,Zoë\r\n");
    assert_eq!(written(&[vec![Cell::Text("a")], vec![Cell::Empty], vec![Cell::Text("")]]), "a\r\n\"\"\r\n\"\"\r\n");
}

#[test]
fn formulas_are_neutralised_and_numbers_are_not() {
    for (text, expected) in [
        ("=1+1", "'=1+1"),
        ("-12.50", "'-12.50"),
        ("  @sum", "'  @sum"),
        ("＝1", "'＝1"),
        ("'=1", "''=1"),
        ("\tx", "\"'\tx\""),
        ("a;=1", "\"a;=1\""),
        ("a=1", "a=1"),
        ("'quoted'", "'quoted'"),
    ] {
        assert_eq!(written(&[vec![Cell::Text(text)]]), format!("{expected}\r\n"), "{text:?}");
    }
    assert_eq!(written(&[vec![Cell::Number(Decimal::new(-1250, 2))]]), "-12.50\r\n");
}

#[test]
fn a_record_that_cannot_be_read_back_is_not_written() {
    let mut writer = CsvWriter::new(Vec::new());
    writer.write([Cell::Text("a"), Cell::Text("b")]).unwrap();
    for cells in [vec![], vec![Cell::Text("1")], vec![Cell::Text("1"), Cell::Text("x\0")], vec![Cell::Empty; 3]] {
        assert_eq!(writer.write(cells).unwrap_err().kind(), std::io::ErrorKind::InvalidInput);
    }
    assert_eq!(writer.finish().unwrap(), b"a,b\r\n");
    assert!(CsvWriter::new(Vec::new()).write([]).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_exported_text_begins_like_a_formula(text in risky_text()) {
        let table = oracle(&written(&[vec![Cell::Text(&text)]]));
        let cell = &table[0][0];
        prop_assert!(!cell.starts_with(DANGEROUS), "{:?}", cell);
        prop_assert!(!cell.trim_start_matches(' ').starts_with(DANGEROUS), "{:?}", cell);
        prop_assert_eq!(unneutralise(cell), &text);
        prop_assert_eq!(cell, &neutralise(&text));
    }

    #[test]
    fn an_export_reads_back_as_it_was(
        rows in (1_usize..5).prop_flat_map(|columns| {
            prop::collection::vec(prop::collection::vec(risky_text(), columns..=columns), 0..8)
        }),
        header in risky_text(),
    ) {
        let columns = rows.first().map_or(1, Vec::len);
        let names: Vec<String> = (0..columns).map(|column| format!("{}{column}", header.replace('\u{feff}', ""))).collect();
        let table: Vec<Vec<_>> =
            std::iter::once(&names).chain(&rows).map(|row| row.iter().map(|cell| Cell::Text(cell)).collect()).collect();
        let text = written(&table);
        let options = CsvOptions { unneutralise: true, ..CsvOptions::default() };
        let (headers, found) = read(&text, &options).unwrap();
        // The reader trims names.
        let trimmed: Vec<_> = names.iter().map(|name| name.trim_matches(|c: char| c.is_whitespace() || c == '\u{200b}')).collect();
        prop_assert_eq!(headers, trimmed);
        let found: Vec<Vec<String>> = found.into_iter().map(|row| row.unwrap().cells).collect();
        prop_assert_eq!(&found, &rows);
        let neutralised: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(|cell| neutralise(cell)).collect()).collect();
        prop_assert_eq!(oracle(&text).split_off(1), neutralised);
    }
}
