//! What is too large costs its row, memory stays bounded, and no file makes reading slow.

use std::fmt::Write as _;
use std::io::{self, Read};
use std::time::{Duration, Instant};

use super::read;
use crate::csv::draft::Draft;
use crate::csv::{CsvOptions, CsvReader};
use crate::kernel::Rule as _;

fn small() -> CsvOptions {
    CsvOptions { max_cell: 20, max_record: 50, max_columns: 3, ..CsvOptions::default() }
}

/// Codes of the refused rows, with their numbers, and first cells of the others.
fn outcome(text: &str, options: &CsvOptions) -> Vec<String> {
    let (_, rows) = read(text, options).unwrap();
    let say = |row| match row {
        Ok(super::Record { mut cells, .. }) => cells.swap_remove(0),
        Err(error @ crate::csv::CsvError::Row(_)) => format!("{} {}", error.refusal().unwrap().row, error.code()),
        Err(error) => panic!("{error}"),
    };
    rows.into_iter().map(say).collect()
}

#[test]
fn what_is_too_large_costs_only_its_row() {
    let (cell, wide) = ("x".repeat(21), "x".repeat(18));
    let (huge, lines) = ("x".repeat(500), "two words\n".repeat(50));
    for (row, code) in [
        (format!("2,{cell}"), "2 csv.cell_too_large"),
        (format!("2,\"{cell}\""), "2 csv.cell_too_large"),
        (format!("{wide},{wide},{wide}"), "2 csv.record_too_large"),
        (format!("2,{huge}"), "2 csv.cell_too_large"),
        (format!("2,\"{huge}\",y"), "2 csv.cell_too_large"),
        (format!("2,\"a \"\"b\"\", {huge}\r\n\",y"), "2 csv.cell_too_large"),
        (format!("2,\"{lines}\",y"), "2 csv.cell_too_large"),
        ("2,x,y,z".to_owned(), "2 csv.too_many_columns"),
    ] {
        for line_ending in ["\n", "\r\n", "\r"] {
            let text = ["a,b,c", "1,x,y", &row, "3,x,y", ""].join(line_ending);
            assert_eq!(outcome(&text, &small()), ["1", code, "3"], "{row:?} {line_ending:?}");
        }
    }
}

#[test]
fn limits_are_the_largest_that_is_allowed() {
    let (cell, wide) = ("x".repeat(20), "x".repeat(14));
    let text = format!("a,b,c\n{cell},\"{cell}\",y\n{wide},\"{wide}\",{wide}\n\"{wide}\",\"{wide}x\",\"{wide}\"\n");
    assert_eq!(outcome(&text, &small()), [cell.as_str(), &wide, "3 csv.record_too_large"]);
}

#[test]
fn text_without_end_behind_a_row_costs_that_row_only() {
    let text = format!("a,b\n1,x\n{}2,y\n", "some words\n".repeat(100));
    assert_eq!(outcome(&text, &small()), ["1 csv.cell_too_large", "2"]);
}

#[test]
fn a_refused_cell_is_named_with_row_line_and_column() {
    let text = format!("id,note\n1,\"x\ny\"\n2,{}\n", "x".repeat(21));
    let (_, rows) = read(text, &small()).unwrap();
    let message = rows[1].as_ref().unwrap_err().to_string();
    assert!(message.starts_with("row 2 (line 4), column 2 (note): the cell is longer than 20 bytes; "), "{message}");
}

#[test]
fn a_header_beyond_its_limits_is_fatal() {
    for (header, code) in [
        ("a,b,c,d".to_owned(), "csv.too_many_columns"),
        (format!("a,{}", "x".repeat(21)), "csv.cell_too_large"),
        (format!("a,\"{}", "x\n".repeat(60)), "csv.cell_too_large"),
    ] {
        let error = read(format!("{header}\n1,2,3\n"), &small()).unwrap_err();
        assert_eq!((error.code(), error.is_fatal()), (code, true), "{header:?}");
    }
}

#[test]
fn an_unclosed_quote_in_a_large_file_costs_no_row() {
    let mut text = "id,name,note\n1,x,\"open\n".to_owned();
    for row in 2..=300_000 {
        writeln!(text, "{row},Some Name,and a note without quotes").unwrap();
    }
    assert!(text.len() > 2 * CsvOptions::default().max_record);
    let (_, rows) = read(&text, &CsvOptions::default()).unwrap();
    assert_eq!(rows.len(), 300_000);
    assert_eq!(rows.iter().filter(|row| row.as_ref().is_ok_and(|record| record.repairs.is_empty())).count(), 299_999);
}

#[test]
fn an_unclosed_quote_that_seems_to_close_far_away_costs_no_row() {
    // The quote that ends the last row would close the first one, were the cell between them not too long.
    let rows = (2..9).map(|row| format!("{row},x\n")).collect::<Vec<_>>().concat();
    let text = format!("a,b\n1,\"open\n{rows}9,\"\n");
    assert_eq!(outcome(&text, &small()), ["1", "2", "3", "4", "5", "6", "7", "8", "9"]);
}

#[test]
fn a_cell_that_goes_on_and_on_is_not_held() {
    let draft = |text: &str| Draft {
        line: 1,
        cells: vec![text.to_owned()],
        repairs: Vec::new(),
        blank_lines: 1000,
        begins_quoted: false,
        ends_quoted: false,
    };
    let mut open = draft("1");
    for _ in 0..1000 {
        open.join(draft("a line of words"), 20);
    }
    assert!(open.cells[0].len() < 100 && open.repairs.len() == 1, "{open:?}");
}

/// Header, a cell of 64 MiB that is made while it is read, and a last row.
fn huge_cell() -> impl Read {
    let lines =
        io::repeat(b'x').take(32 << 20).chain("\n\"\"quoted\"\"\n".as_bytes()).chain(io::repeat(b'y').take(32 << 20));
    "id,note\n1,\"".as_bytes().chain(lines).chain("\"\n2,end\n".as_bytes())
}

#[test]
fn a_huge_cell_is_refused_in_bounded_memory_and_the_next_row_is_read() {
    let mut reader = CsvReader::open(huge_cell(), CsvOptions::default()).unwrap();
    let error = reader.next().unwrap().unwrap_err();
    assert_eq!((error.code(), error.refusal().unwrap().column.as_ref().unwrap().number), ("csv.cell_too_large", 2));
    assert_eq!(reader.next().unwrap().unwrap().cells, ["2", "end"]);
    assert!(reader.next().is_none());
    assert!(reader.bytes_read() > 64 << 20);
    assert!(reader.held() < 16 << 20, "{} bytes are held", reader.held());
}

#[test]
fn reading_can_be_resumed_at_a_row() {
    let text = "a,b\n1,x\n2,\"bad\0\"\n3,p\nmore\n4,z\n";
    let mut reader = CsvReader::open(text.as_bytes(), CsvOptions::default()).unwrap();
    reader.skip_to(3).unwrap();
    let record = reader.next().unwrap().unwrap();
    assert_eq!((record.row, record.cells), (3, vec!["3".to_owned(), "p\nmore".to_owned()]));
    let error = reader.skip_to(2).unwrap_err();
    assert_eq!((error.code(), error.to_string().contains("row 4 is next")), ("csv.row_passed", true));
    reader.skip_to(4).unwrap();
    reader.skip_to(9).unwrap();
    assert!(reader.next().is_none());
}

#[test]
#[expect(clippy::disallowed_methods, reason = "this test is about time")]
fn damage_everywhere_does_not_make_reading_slow() {
    let patterns = [
        "1,\"open\n",
        "1,\"\"x\n",
        "1,2,\"open\n",
        "1,2,3,\"open\n",
        "\"a\" b\",\"c\n",
        "1,\"x\"y\"\n2\n",
        "1,\"\"\"\n",
        "\"\n",
        "word\n",
        "1;2,\"\n",
        "1,2,\"\n\n",
        "1,\"open\n2,3,4\n5,6,7\n8,9,0\n",
    ];
    // A file longer than any record may be, and one that is looked at to its end.
    for max_record in [32 << 10, 4 << 20] {
        let options = CsvOptions { max_cell: max_record / 4, max_record, ..CsvOptions::default() };
        for pattern in patterns {
            let text = format!("a,b,c\n{}", pattern.repeat((1 << 17) / pattern.len()));
            let started = Instant::now();
            let rows = CsvReader::open(text.as_bytes(), options.clone()).unwrap().count();
            let took = started.elapsed();
            assert!(rows > 0 && took < Duration::from_secs(10), "{pattern:?} took {took:?}");
        }
    }
}
