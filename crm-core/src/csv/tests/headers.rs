//! Column names, and what they are taken to mean.

use super::read;
use crate::csv::header::{best_match, normalise_header};
use crate::csv::{CsvOptions, CsvReader, RepairKind};
use crate::kernel::Rule as _;

fn names(text: &str) -> Vec<String> {
    read(text, &CsvOptions::default()).unwrap().0
}

#[test]
fn names_are_trimmed_numbered_and_never_empty() {
    assert_eq!(names("\u{FEFF} id ,\u{a0}name\t, email \n"), ["id", "name", "email"]);
    assert_eq!(names("Email,id,Email\n"), ["Email 1", "id", "Email 2"]);
    assert_eq!(names("Email,Email 1,Email, Email \n"), ["Email 2", "Email 1", "Email 3", "Email 4"]);
    assert_eq!(names("id,,name,\n"), ["id", "Column 2", "name", "Column 4"]);
    assert_eq!(names("Column 2,,x\n"), ["Column 2", "Column 3", "x"]);
}

#[test]
fn changed_names_are_reported_with_the_name_in_the_file() {
    let reader = CsvReader::open("id, name \n".as_bytes(), CsvOptions::default()).unwrap();
    let [repair] = reader.header_repairs() else { panic!("{:?}", reader.header_repairs()) };
    assert_eq!((repair.row, repair.column), (0, Some(2)));
    assert_eq!(repair.kind, RepairKind::HeaderRenamed { from: " name ".into() });
    assert_eq!(read("id, name \n", &CsvOptions::strict()).unwrap_err().code(), "csv.damaged");
}

#[test]
fn a_file_without_names_or_without_anything_is_refused() {
    for (text, code) in [
        ("", "csv.empty"),
        ("\u{FEFF}", "csv.empty"),
        ("\r\n \n\n", "csv.empty"),
        (",,\n1,2,3\n", "csv.no_column_names"),
        ("\n\" \",\n", "csv.no_column_names"),
    ] {
        let error = read(text, &CsvOptions::default()).unwrap_err();
        assert_eq!((error.code(), error.is_fatal()), (code, true), "{text:?}");
    }
    assert!(read("\n,,\n1,2,3\n", &CsvOptions::default()).unwrap_err().to_string().starts_with("line 2 "));
}

#[test]
fn a_header_alone_is_a_table_without_rows() {
    for text in ["id,name", "id,name\n", "id,name\r\n\r\n"] {
        let (headers, rows) = read(text, &CsvOptions::default()).unwrap();
        assert_eq!((headers.len(), rows.len()), (2, 0), "{text:?}");
    }
}

#[test]
fn names_are_normalised_to_words_and_a_number() {
    for (header, expected) in [
        ("Email 2", ("email", Some(2))),
        ("  E-Mail_2 ", ("e mail", Some(2))),
        ("Phone2", ("phone", Some(2))),
        ("first_name", ("first name", None)),
        ("Telefon (privat)", ("telefon privat", None)),
        ("TE\u{301}LE\u{301}PHONE", ("téléphone", None)),
        ("2024", ("2024", None)),
        ("id 99999999999", ("id 99999999999", None)),
        ("---", ("", None)),
    ] {
        assert_eq!(normalise_header(header), (expected.0.to_owned(), expected.1), "{header:?}");
    }
}

#[test]
fn headers_find_what_they_mean_and_doubtful_ones_find_nothing() {
    let vocabulary: &[(&str, &[&str])] = &[
        ("email", &["e-mail", "mail", "email address"]),
        ("first_name", &["given name", "vorname"]),
        ("address_line_2", &["address 2"]),
        ("address", &["street"]),
        ("company", &["organisation", "account"]),
        ("organization_id", &["organizatio"]),
    ];
    for (header, expected) in [
        ("Email", Some(("email", None))),
        ("E-mail 2", Some(("email", Some(2)))),
        ("EMailAddress", Some(("email", None))),
        ("FirstName", Some(("first_name", None))),
        ("VORNAME", Some(("first_name", None))),
        ("Address 2", Some(("address_line_2", None))),
        ("Address 3", Some(("address", Some(3)))),
        ("Adress", Some(("address", None))),
        ("Comapny", Some(("company", None))),
        ("Company name", None),
        ("organisatio", None),
        ("mial", None),
        ("", None),
        ("7", None),
    ] {
        assert_eq!(best_match(header, vocabulary), expected, "{header:?}");
    }
}
