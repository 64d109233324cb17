//! Tests of import and export, by what they are about.

mod accounts;
mod damage;
mod dry_runs;
mod exporting;
mod mapping;
mod policies;
mod resuming;
mod samples;
mod states;
mod values;

use std::io::Cursor;

use super::*;
use crate::csv::{CsvOptions, CsvReader};
use crate::custom_field::{CustomType, NewCustomField};
use crate::identity::RecordKind;
use crate::kernel::{Result, Stored};
use crate::lead::Lead;
use crate::store::Session;
use crate::testing::office::Office;

/// Opens a text as a file.
fn file(text: impl AsRef<[u8]>) -> CsvReader<Cursor<Vec<u8>>> {
    let options = CsvOptions { unneutralise: true, ..CsvOptions::default() };
    CsvReader::open(Cursor::new(text.as_ref().to_vec()), options).unwrap()
}

/// An import of a text as the guess maps it.
async fn planned(session: &Session, kind: ImportKind, text: impl AsRef<[u8]>) -> NewImport {
    let headers = file(&text).headers().to_vec();
    NewImport {
        kind,
        source: "trade-fair".parse().unwrap(),
        file_name: "people.csv".parse().unwrap(),
        fingerprint: fingerprint(text.as_ref()).unwrap(),
        mapping: session.imports().guess(kind, &headers).await.unwrap(),
        headers,
        options: ImportOptions::default(),
    }
}

/// Begins an import and runs it to its end.
async fn finish(session: &Session, new: NewImport, text: impl AsRef<[u8]>) -> Result<ImportReport> {
    let start = session.imports().start(new).await?;
    session.imports().run(start.import().id, &mut file(text), &mut |_| {}).await
}

/// Imports a text with these options.
async fn import(
    session: &Session,
    kind: ImportKind,
    text: impl AsRef<[u8]>,
    options: ImportOptions,
) -> Result<ImportReport> {
    let new = NewImport { options, ..planned(session, kind, &text).await };
    finish(session, new, text).await
}

/// Imports leads as the guess maps them.
async fn leads(session: &Session, text: impl AsRef<[u8]>) -> ImportReport {
    let report = import(session, ImportKind::Leads, text, ImportOptions::default()).await.unwrap();
    assert_sums_add_up(&report.import.counts);
    report
}

fn assert_sums_add_up(counts: &ImportCounts) {
    let ImportCounts { read, created, flagged, linked, updated, skipped, repeated, warned, blocked, refused } = *counts;
    assert_eq!(read, created + linked + updated + skipped + repeated + warned + blocked + refused, "{counts:?}");
    assert!(flagged <= created, "{counts:?}");
}

/// Row, column and code of each issue.
fn told(report: &ImportReport) -> Vec<(i64, &str, &str)> {
    let issues = report.issues.iter();
    issues.map(|issue| (issue.row_number, issue.column_name.as_deref().unwrap_or(""), issue.code.as_str())).collect()
}

/// The leads of the office, by last name.
fn stored_leads(office: &Office) -> Vec<Stored<Lead>> {
    let mut leads = office.store.dump::<Lead>(office.organization);
    leads.sort_by_key(|lead| lead.last_name.clone());
    leads
}

/// Adds a custom field to leads.
async fn field(session: &Session, key: &str, holds: CustomType, unique: bool) {
    let new = NewCustomField {
        record_kind: RecordKind::Lead,
        key: key.parse().unwrap(),
        label: key.parse().unwrap(),
        holds,
        required: false,
        unique,
        filterable: false,
    };
    session.custom_fields().create(new).await.unwrap();
}
