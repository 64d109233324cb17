//! Each damage, how it is mended, and what is left alone.

use std::fmt::Write as _;

use proptest::prelude::*;

use super::{cells, kinds, read, records};
use crate::csv::{CsvOptions, CsvReader, Delimiter, LineEnding, RepairKind};

/// Damaged text, the rows it must give, and the repairs of each row.
type Case = (&'static str, &'static [&'static [&'static str]], &'static [(u64, Option<usize>, RepairKind)]);

const QUOTE: RepairKind = RepairKind::UnescapedQuote;
const CLOSING: RepairKind = RepairKind::MissingClosingQuote;
const JOINED: RepairKind = RepairKind::ContinuationLine { lines: 1 };

const CASES: &[Case] = &[
    // Quotes inside a quoted cell.
    ("a,b\n1,\"say \"hi\" now\"\n2,x\n", &[&["1", "say \"hi\" now"], &["2", "x"]], &[(1, Some(2), QUOTE)]),
    ("a,b\n\"say \"yes\", go\",2\n", &[&["say \"yes\", go", "2"]], &[(1, Some(1), QUOTE)]),
    ("a,b\n1,\"a 5\" disk\"\n2,x\n", &[&["1", "a 5\" disk"], &["2", "x"]], &[(1, Some(2), QUOTE)]),
    ("a,b\n\"Bob\" Smith,x\n2,y\n", &[&["\"Bob\" Smith", "x"], &["2", "y"]], &[(1, Some(1), QUOTE)]),
    ("a,b\n\"Bob\" Smith,\"x\"\n2,y\n", &[&["\"Bob\" Smith", "x"], &["2", "y"]], &[(1, Some(1), QUOTE)]),
    ("a,b,c\n1,\"so \"it is\"\",x\n2,y,z\n", &[&["1", "so \"it is\"", "x"], &["2", "y", "z"]], &[(1, Some(2), QUOTE)]),
    (
        "a,b\n1,\"two\nlines \"and\" quotes\"\n2,x\n",
        &[&["1", "two\nlines \"and\" quotes"], &["2", "x"]],
        &[(1, Some(2), QUOTE)],
    ),
    // No closing quote.
    ("a,b\n1,\"open\n2,x\n", &[&["1", "open"], &["2", "x"]], &[(1, Some(2), CLOSING)]),
    ("a,b\n1,\"open", &[&["1", "open"]], &[(1, Some(2), CLOSING)]),
    ("a,b\n1,\"open\n2,\"x\"\n3,y\n", &[&["1", "open"], &["2", "x"], &["3", "y"]], &[(1, Some(2), CLOSING)]),
    ("a,b\n\"1\",\"open\n\"2\",\"x\"\n", &[&["1", "open"], &["2", "x"]], &[(1, Some(2), CLOSING)]),
    (
        "a,b\n1,\"open\n2,\"open\n3,x\n",
        &[&["1", "open"], &["2", "open"], &["3", "x"]],
        &[(1, Some(2), CLOSING), (2, Some(2), CLOSING)],
    ),
    ("a,b,c\n1,\"open,x\n2,y,z\n", &[&["1", "open", "x"], &["2", "y", "z"]], &[(1, Some(2), CLOSING)]),
    (
        "a,b,c\n1,\"two\nlines\",\"open\n2,y,z\n",
        &[&["1", "two\nlines", "open"], &["2", "y", "z"]],
        &[(1, Some(3), CLOSING)],
    ),
    (
        "a,b,c\n1,\"open\n2,y,z\n3,\"x\",w\n",
        &[&["1", "open", ""], &["2", "y", "z"], &["3", "x", "w"]],
        &[(1, Some(2), CLOSING), (1, Some(3), RepairKind::MissingColumns { found: 2 })],
    ),
    // Delimiters.
    (
        "a,b\n1;x\n2\ty\n3|z\n",
        &[&["1", "x"], &["2", "y"], &["3", "z"]],
        &[
            (1, None, RepairKind::OtherDelimiter { delimiter: Delimiter::Semicolon }),
            (2, None, RepairKind::OtherDelimiter { delimiter: Delimiter::Tab }),
            (3, None, RepairKind::OtherDelimiter { delimiter: Delimiter::Pipe }),
        ],
    ),
    (
        "a,b,c\n1,x,y\n2;4,50;z\n",
        &[&["1", "x", "y"], &["2", "4,50", "z"]],
        &[(2, None, RepairKind::OtherDelimiter { delimiter: Delimiter::Semicolon })],
    ),
    (
        "a,b,c\n1,x,y\n\"2\";\"p, q\";\"z\"\n3,s,t\n",
        &[&["1", "x", "y"], &["2", "p, q", "z"], &["3", "s", "t"]],
        &[(2, None, RepairKind::OtherDelimiter { delimiter: Delimiter::Semicolon })],
    ),
    (
        "a,b,c\n1,x,y\n2,p;q;r\n",
        &[&["1", "x", "y"], &["2", "p;q;r", ""]],
        &[(2, Some(3), RepairKind::MissingColumns { found: 2 })],
    ),
    // Line endings.
    (
        "a,b\n1,x\r\n2,y\r3,z\n",
        &[&["1", "x"], &["2", "y"], &["3", "z"]],
        &[
            (1, None, RepairKind::LineEndingChanged { line_ending: LineEnding::CrLf }),
            (2, None, RepairKind::LineEndingChanged { line_ending: LineEnding::Cr }),
            (3, None, RepairKind::LineEndingChanged { line_ending: LineEnding::Lf }),
        ],
    ),
    // Unquoted newlines.
    ("a,b\n1,one\nand two\n2,x\n", &[&["1", "one\nand two"], &["2", "x"]], &[(1, Some(2), JOINED)]),
    ("a,b\n1,one\n\nand two\n2,x\n", &[&["1", "one\n\nand two"], &["2", "x"]], &[(1, Some(2), JOINED)]),
    (
        "a,b\n1,one\nand two\nand more\n2,x\n",
        &[&["1", "one\nand two\nand more"], &["2", "x"]],
        &[(1, Some(2), RepairKind::ContinuationLine { lines: 2 })],
    ),
    ("a,b,c\n1,one\nand two,x\n2,y,z\n", &[&["1", "one\nand two", "x"], &["2", "y", "z"]], &[(1, Some(2), JOINED)]),
    // Columns.
    (
        "a,b,c\n1,x\n2,y,z\n",
        &[&["1", "x", ""], &["2", "y", "z"]],
        &[(1, Some(3), RepairKind::MissingColumns { found: 2 })],
    ),
    (
        "a,b,c\n1,x\n2,y\n",
        &[&["1", "x", ""], &["2", "y", ""]],
        &[(1, Some(3), RepairKind::MissingColumns { found: 2 }), (2, Some(3), RepairKind::MissingColumns { found: 2 })],
    ),
    (
        "a,b\n1,x\n2\n3,y\n",
        &[&["1", "x"], &["2", ""], &["3", "y"]],
        &[(2, Some(2), RepairKind::MissingColumns { found: 1 })],
    ),
];

#[test]
fn every_damage_is_mended_and_reported_where_it_is() {
    for (text, expected, repairs) in CASES {
        let records = records(text);
        let cells: Vec<_> = records.iter().map(|record| record.cells.clone()).collect();
        assert_eq!(&cells, expected, "{text:?}");
        let found = records.into_iter().flat_map(|record| record.repairs);
        let found: Vec<_> = found.map(|repair| (repair.row, repair.column, repair.kind)).collect();
        assert_eq!(&found, repairs, "{text:?}");
    }
}

#[test]
fn without_repairs_every_damage_is_refused_in_its_row() {
    for (text, _, repairs) in CASES {
        let (_, rows) = read(text, &CsvOptions::strict()).unwrap();
        let refused: Vec<_> = rows.iter().filter_map(|row| row.as_ref().err()).collect();
        let mut first_of_row = repairs.to_vec();
        first_of_row.dedup_by_key(|(row, ..)| *row);
        assert_eq!(refused.len(), first_of_row.len(), "{text:?}");
        for (error, (row, _, kind)) in refused.into_iter().zip(&first_of_row) {
            let refusal = error.refusal().unwrap();
            assert_eq!((refusal.row, error.is_fatal()), (*row, false), "{text:?}");
            assert!(error.to_string().contains(&kind.to_string()), "{error}");
        }
    }
}

#[test]
fn surplus_cells_are_kept_in_the_report() {
    let record = records("a,b\n1,x,more,\"and, more\"\n").remove(0);
    assert_eq!(record.cells, ["1", "x"]);
    assert_eq!(kinds(&record), [RepairKind::SurplusColumns { cells: vec!["more".into(), "and, more".into()] }]);
    assert!(record.repairs[0].to_string().contains("and, more"));
}

#[test]
fn a_file_of_semicolons_tabs_or_pipes_is_recognised() {
    for (delimiter, sign) in [(Delimiter::Semicolon, ";"), (Delimiter::Tab, "\t"), (Delimiter::Pipe, "|")] {
        let text = "id;amount, net;note\n1;1,50;\"a;b\"\n2;2,50;c\n".replace(';', sign);
        let reader = CsvReader::open(text.as_bytes(), CsvOptions::default()).unwrap();
        assert_eq!((reader.dialect().delimiter, reader.headers()[1].as_str()), (delimiter, "amount, net"));
        assert_eq!(cells(&text)[0], ["1".to_owned(), "1,50".to_owned(), format!("a{sign}b")]);
    }
}

#[test]
fn delimiters_inside_quotes_do_not_mislead() {
    for (text, expected) in [
        ("name,\"x;y\"\n1,\"p;q\"\n", ["1", "p;q"]),
        ("\"x;y;z\",name\n\"p;q;r\",1\n", ["p;q;r", "1"]),
        ("name;\"x,y,z\"\n1;\"p,q,r\"\n", ["1", "p,q,r"]),
    ] {
        assert_eq!(cells(text), [expected], "{text:?}");
    }
}

#[test]
fn a_delimiter_that_was_given_is_not_doubted() {
    let options = CsvOptions { delimiter: Some(Delimiter::Pipe), ..CsvOptions::default() };
    let (headers, rows) = read("a,b|c\n1,2|3\n", &options).unwrap();
    assert_eq!(headers, ["a,b", "c"]);
    assert_eq!(rows[0].as_ref().unwrap().cells, ["1,2", "3"]);
}

#[test]
fn a_first_line_that_declares_the_delimiter_is_obeyed_and_not_a_row() {
    let mut reader = CsvReader::open("sep=;\r\na,b;c\r\n1;2\r\n".as_bytes(), CsvOptions::default()).unwrap();
    assert_eq!(reader.headers(), ["a,b", "c"]);
    let record = reader.next().unwrap().unwrap();
    assert_eq!((record.row, record.line, record.cells), (1, 3, vec!["1".to_owned(), "2".to_owned()]));
}

#[test]
fn a_quoted_cell_of_many_lines_that_look_like_rows_is_left_alone() {
    let text = "id,note\n1,\"a table:\n2,x\n3,y\n4,z\n5,\"\"quoted\"\"\"\n6,end\n";
    let records = records(text);
    assert_eq!(records[0].cells, ["1", "a table:\n2,x\n3,y\n4,z\n5,\"quoted\""]);
    assert_eq!((records[1].row, records[1].line), (2, 7));
    assert!(records.iter().all(|record| record.repairs.is_empty()));
}

#[test]
fn rows_are_numbered_without_blank_lines_and_lines_with_them() {
    let records = records("\n\na,b\r\n\r\n1,\"x\r\ny\"\r\n   \r\n2,z");
    let places: Vec<_> = records.iter().map(|record| (record.row, record.line)).collect();
    assert_eq!(places, [(1, 5), (2, 8)]);
    assert_eq!(records[0].cells[1], "x\r\ny");
}

proptest! {
    /// A closing quote that is missing at a line end costs nothing, whatever rows stand around it.
    #[test]
    fn a_missing_closing_quote_leaves_all_other_rows_as_they_are(
        notes in prop::collection::vec("[a-z ]{1,12}", 3..30), at in any::<prop::sample::Index>(), quoted in any::<bool>(),
    ) {
        let damaged = at.index(notes.len());
        let mut text = "id,note\n".to_owned();
        for (row, note) in notes.iter().enumerate() {
            let (open, close) = match (row == damaged, quoted) {
                (true, _) => ("\"", ""),
                (false, true) => ("\"", "\""),
                (false, false) => ("", ""),
            };
            writeln!(text, "{row},{open}{note}{close}").unwrap();
        }
        let expected: Vec<_> = notes.iter().enumerate().map(|(row, note)| vec![row.to_string(), note.clone()]).collect();
        prop_assert_eq!(cells(text), expected);
    }
}
