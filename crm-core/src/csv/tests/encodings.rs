//! What bytes become, and what is said when they are not what they should be.

use std::fmt::Write as _;
use std::io::Read;

use super::{cells, kinds, read, records};
use crate::csv::{CsvError, CsvOptions, CsvReader, Encoding, RepairKind};
use crate::kernel::Rule as _;

fn encoding(bytes: &[u8]) -> Encoding {
    CsvReader::open(bytes, CsvOptions::default()).unwrap().encoding()
}

fn utf16(text: &str, unit: impl Fn(u16) -> [u8; 2]) -> Vec<u8> {
    std::iter::once(0xFEFF).chain(text.encode_utf16()).flat_map(unit).collect()
}

#[test]
fn every_encoding_gives_the_same_cells() {
    let text = "id,name\r\n1,Zoë – “ok” €\r\n";
    let (windows, _, _) = encoding_rs::WINDOWS_1252.encode(text);
    let files = [
        (text.as_bytes().to_vec(), Encoding::Utf8),
        ([b"\xEF\xBB\xBF", text.as_bytes()].concat(), Encoding::Utf8),
        (utf16(text, u16::to_le_bytes), Encoding::Utf16Le),
        (utf16(text, u16::to_be_bytes), Encoding::Utf16Be),
        (windows.into_owned(), Encoding::Windows1252),
    ];
    for (bytes, expected) in files {
        assert_eq!(encoding(&bytes), expected);
        assert_eq!(records(&bytes)[0].cells, ["1", "Zoë – “ok” €"], "{expected:?}");
        assert!(records(&bytes)[0].repairs.is_empty(), "{expected:?}");
    }
}

#[test]
fn a_file_that_ends_inside_a_latin_1_word_is_not_mistaken_for_utf_8() {
    assert_eq!(encoding(b"name\nAndr\xE9"), Encoding::Windows1252);
    assert_eq!(cells(b"name\nAndr\xE9"), [["André"]]);
}

#[test]
fn a_damaged_character_in_utf_8_is_read_as_windows_1252_and_reported() {
    let bytes = [b"name,city\nZo\xC3\xAB \xC3\xA9,".as_slice(), b"Z\xFCrich\nok,ok\n"].concat();
    let records = records(&bytes);
    assert_eq!(encoding(&bytes), Encoding::Utf8);
    assert_eq!(records[0].cells, ["Zoë é", "Zürich"]);
    assert_eq!(kinds(&records[0]), [RepairKind::StrayBytes]);
    assert_eq!(records[0].repairs[0].column, Some(2));
    assert!(records[1].repairs.is_empty());
}

#[test]
fn latin_1_far_behind_the_first_window_is_reported_with_its_row() {
    let mut bytes = b"id,name\n".to_vec();
    for row in 1..=20_000 {
        let name: &[u8] = if row == 15_000 { b"Ren\xE9e" } else { b"Renee" };
        bytes.extend([row.to_string().as_bytes(), b",", name, b"\n"].concat());
    }
    assert!(bytes.len() > 2 * 64 * 1024);
    let repaired: Vec<_> = records(&bytes).into_iter().filter(|record| !record.repairs.is_empty()).collect();
    assert_eq!(repaired.len(), 1);
    assert_eq!((repaired[0].row, repaired[0].cells[1].as_str()), (15_000, "Renée"));
    assert_eq!(kinds(&repaired[0]), [RepairKind::StrayBytes]);
}

#[test]
fn half_a_character_at_the_end_of_utf_8_is_kept_and_reported() {
    let records = records(b"name\nZo\xC3\xAB \xC3\xA9\nRen\xC3");
    assert_eq!(records[1].cells, ["RenÃ"]);
    assert_eq!(kinds(&records[1]), [RepairKind::StrayBytes]);
}

#[test]
fn stray_bytes_are_reported_in_their_cell_wherever_reads_end() {
    let row = [b"12345,\xC3\xAB\xC3\xAB\xC3\xAB ".as_slice(), b"Z\xFCrich\xFC!,end\n"].concat();
    let bytes = [b"id,city,note\n".as_slice(), &row.repeat(20_000)].concat();
    let records = records(&bytes);
    assert_eq!(records.len(), 20_000);
    for record in records {
        assert_eq!((record.repairs[0].column, record.repairs[0].kind.clone()), (Some(2), RepairKind::StrayBytes));
        assert_eq!((record.repairs.len(), record.cells[1].as_str()), (1, "ëëë Zürichü!"));
    }
}

#[test]
fn characters_that_straddle_reads_are_whole_in_every_encoding() {
    // Rows of an odd length put some character across every boundary of any power of two.
    let mut text = "id,name\r\n".to_owned();
    for row in 0..30_000 {
        write!(text, "{row},ë€😀\r\n").unwrap();
    }
    for bytes in [text.as_bytes().to_vec(), utf16(&text, u16::to_le_bytes), utf16(&text, u16::to_be_bytes)] {
        let records = records(&bytes);
        assert_eq!(records.len(), 30_000);
        assert!(records.iter().all(|record| record.cells[1] == "ë€😀" && record.repairs.is_empty()));
    }
}

#[test]
fn half_a_character_in_utf_16_is_replaced_and_reported() {
    let mut bytes = utf16("a,b\n1,x", u16::to_le_bytes);
    bytes.extend(0xD83D_u16.to_le_bytes());
    bytes.extend(utf16("\n2,y\n", u16::to_le_bytes).split_off(2));
    bytes.push(b'!');
    let records = records(&bytes);
    assert_eq!(records[0].cells, ["1", "x\u{FFFD}"]);
    assert_eq!(kinds(&records[0]), [RepairKind::UndecodableBytes]);
    // So is an odd byte at the end.
    assert_eq!(records[1].cells, ["2", "y\n\u{FFFD}"]);
    assert!(kinds(&records[1]).contains(&RepairKind::UndecodableBytes));
}

#[test]
fn an_encoding_that_was_given_is_not_doubted() {
    let options = CsvOptions { encoding: Some(Encoding::Windows1252), ..CsvOptions::default() };
    let (_, rows) = read("name\nZoë\n", &options).unwrap();
    assert_eq!(rows[0].as_ref().unwrap().cells, ["ZoÃ«"]);
}

#[test]
fn nul_characters_cost_only_their_row_and_are_named() {
    let (_, rows) = read("id,name\n1,ok\n2,b\0d\n3,ok\n", &CsvOptions::default()).unwrap();
    let error = rows[1].as_ref().unwrap_err();
    assert_eq!((error.code(), error.is_fatal()), ("csv.nul_character", false));
    assert!(error.to_string().starts_with("row 2 (line 3), column 2 (name): the cell has a NUL character"), "{error}");
    assert_eq!(error.fields()[0].field, "rows[2].name");
    assert_eq!((rows.len(), rows[2].as_ref().unwrap().row), (3, 3));
}

#[test]
fn utf_16_without_a_mark_is_refused_with_the_remedy_and_read_when_named() {
    let bytes = utf16("a,b\n1,x\n", u16::to_le_bytes).split_off(2);
    let error = read(&bytes, &CsvOptions::default()).unwrap_err();
    assert_eq!((error.code(), error.is_fatal()), ("csv.nul_character", true));
    assert!(error.to_string().contains("UTF-16"), "{error}");
    let named = CsvOptions { encoding: Some(Encoding::Utf16Le), ..CsvOptions::default() };
    assert_eq!(read(&bytes, &named).unwrap().0, ["a", "b"]);
}

#[test]
fn a_workbook_is_called_a_workbook() {
    let error = read(b"PK\x03\x04rest", &CsvOptions::default()).unwrap_err();
    assert_eq!(error.code(), "csv.not_text");
    assert!(error.to_string().contains("Excel"), "{error}");
}

#[test]
fn a_source_that_fails_is_reported_behind_the_rows_before_it() {
    struct Failing;
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("gone"))
        }
    }
    let rows = "1,x\n".repeat(40_000);
    let source = "a,b\n".as_bytes().chain(rows.as_bytes()).chain(Failing);
    let mut reader = CsvReader::open(source, CsvOptions::default()).unwrap();
    let last = reader.by_ref().last().unwrap();
    assert!(
        matches!(&last, Err(error @ CsvError::Unreadable(_)) if error.is_fatal() && error.code() == "csv.unreadable")
    );
    assert!(reader.next().is_none(), "there is nothing behind a fatal error");
    assert!(matches!(CsvReader::open(Failing, CsvOptions::default()), Err(CsvError::Unreadable(_))));
}
