//! The values against lists as customers bring them; skipped where the lists are not at hand.

use super::*;
use std::io::Write as _;

/// The rows of a list beside the project, each as its cells; none when the list is not there.
fn rows(file: &str) -> Vec<csv::StringRecord> {
    let path = format!("{}/../../shared/data/{file}", env!("CARGO_MANIFEST_DIR"));
    match csv::ReaderBuilder::new().flexible(true).from_path(&path) {
        Ok(mut reader) => reader.records().map(|row| row.unwrap()).collect(),
        Err(error) => {
            // Not by println, which the harness keeps to itself when a test passes.
            std::io::stderr().write_all(format!("skipped: {error}\n").as_bytes()).unwrap();
            Vec::new()
        }
    }
}

#[test]
fn every_lead_of_the_sample_list_has_readable_values() {
    for row in rows("leads-1000.csv") {
        for phone in [&row[6], &row[7]] {
            let number = DigitsOnly.parse(phone, Some(Region::US)).unwrap_or_else(|error| panic!("{phone}: {error}"));
            assert!(number.e164().is_some_and(|e164| e164.starts_with("+1")), "{phone}");
        }
        for email in [&row[8], &row[9]] {
            let email = EmailAddress::parse(email).unwrap_or_else(|error| panic!("{email}: {error}"));
            assert!(Domain::of_email(&email).is_some(), "{email}");
        }
        let website = Website::parse(&row[10]).unwrap_or_else(|error| panic!("{}: {error}", &row[10]));
        assert!(website.registrable_domain().is_some(), "{website}");
        assert!(Name::parse(&row[5]).is_ok() && Note::parse(&row[13]).is_ok(), "{row:?}");
    }
}

#[test]
fn every_organization_of_the_sample_list_has_readable_values() {
    for row in rows("organizations-1000.csv") {
        assert!(Name::parse(&row[2]).is_ok(), "{row:?}");
        Website::parse(&row[3]).unwrap_or_else(|error| panic!("{}: {error}", &row[3]));
    }
}

/// The list of people was damaged on purpose: addresses with spaces inside are refused, and nothing for another reason.
#[test]
fn every_phone_number_of_the_list_of_people_is_read_and_a_damaged_address_is_not() {
    for row in rows("people-100k.csv").iter().step_by(10) {
        let (email, phone) = (row[4].trim(), row[5].trim());
        let well_formed =
            email.split('@').count() == 2 && !email.contains(char::is_whitespace) && email.ends_with(".example");
        if well_formed || email.is_empty() {
            assert_eq!(EmailAddress::parse(email).is_ok(), well_formed, "{email}");
        } else if email.contains(' ') {
            assert_eq!(EmailAddress::parse(email), Err(EmailError::WhiteSpace));
        }
        assert_eq!(DigitsOnly.parse(phone, Some(Region::US)).is_ok(), !phone.is_empty(), "{phone}");
    }
}
