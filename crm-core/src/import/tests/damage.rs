//! Damaged files, and the file of rows that were left out.

use super::*;

async fn error_file(session: &Session, id: ImportId) -> String {
    let mut written = Vec::new();
    session.imports().write_error_file(id, &mut written).await.unwrap();
    String::from_utf8(written).unwrap()
}

#[tokio::test]
async fn rows_that_cannot_be_read_cost_only_themselves() {
    let office = Office::open().await;
    let session = office.boss().await;
    let mut text = b"Last Name,Email,Notes\nA,a@ex1.com,fine\nB,b\0@ex2.com,\nC,c@ex3.com,".to_vec();
    text.extend(std::iter::repeat_n(b'x', 10 << 20));
    text.extend(b"\nD,d@ex4.com\nE,e@ex5.com,fine,surplus\n");
    let report = leads(&session, &text).await;
    assert_eq!((report.import.counts.created, report.import.counts.refused), (3, 2));
    assert_eq!(
        told(&report),
        [
            (2, "Email", "csv.nul_character"),
            (3, "Notes", "csv.cell_too_large"),
            (4, "Notes", "csv.repaired"),
            (5, "", "csv.repaired"),
        ]
    );
    let kinds: Vec<_> = report.issues.iter().map(|issue| issue.kind).collect();
    assert_eq!(kinds, [IssueKind::Error, IssueKind::Error, IssueKind::Note, IssueKind::Note]);
    assert!(report.issues[3].message.contains("surplus"));
    let names: Vec<_> =
        stored_leads(&office).iter().map(|lead| lead.last_name.clone().unwrap().into_string()).collect();
    assert_eq!(names, ["A", "D", "E"]);
    let file = error_file(&session, report.import.id).await;
    assert_eq!(file.lines().count(), 3, "{file}");
    assert!(file.lines().nth(1).unwrap().starts_with(",,,\"Email: the cell has a NUL character"), "{file}");
}

#[tokio::test]
async fn the_header_is_mended_with_a_note() {
    let office = Office::open().await;
    let session = office.boss().await;
    let report = leads(&session, "Last Name , Email,Email\nA,a@ex.com,\n").await;
    assert_eq!(
        told(&report),
        [(0, "Last Name", "csv.repaired"), (0, "Email 1", "csv.repaired"), (0, "Email 2", "csv.repaired")]
    );
    assert_eq!(report.import.counts.created, 1);
}

#[tokio::test]
async fn values_are_shown_cut_and_without_what_nobody_sees() {
    let office = Office::open().await;
    let session = office.boss().await;
    let report = leads(&session, format!("Email\n\"bad\n{}\"\n", "ü".repeat(1_000))).await;
    let value = report.issues[0].value.as_deref().unwrap();
    assert_eq!(value.chars().count(), 200);
    assert!(value.starts_with("badü"), "{value}");
}

#[tokio::test]
async fn the_error_file_is_imported_once_it_is_mended() {
    let office = Office::open().await;
    let session = office.boss().await;
    let text = "Last Name,Email,Phone,Notes\nA,a@ex1.com,,\n=B,b.ex2.com,+1 415 555 2671,\"two\nlines\"\nC,c@ex3.com,,\nD,d@ex4.com,12,\n";
    let first = leads(&session, text).await;
    assert_eq!((first.import.counts.created, first.import.counts.refused), (2, 2));
    let errors = error_file(&session, first.import.id).await;
    assert!(errors.starts_with("Last Name,Email,Phone,Notes,error\r\n"), "{errors}");
    assert!(errors.contains("Email: the e-mail address has no @"), "{errors}");
    assert!(errors.contains("\r\n'=B,"), "{errors}");

    // As it is, it is refused again, and the file of that is the same file.
    let unmended = leads(&session, &errors).await;
    assert_eq!((unmended.import.counts.created, unmended.import.counts.refused), (0, 2));
    assert_eq!(error_file(&session, unmended.import.id).await, errors);

    let mended = errors.replace("b.ex2.com", "b@ex2.com").replace(",12,", ",+1 415 555 2672,");
    let second = leads(&session, &mended).await;
    assert_eq!((second.import.counts.created, second.import.counts.refused), (2, 0));
    let b = stored_leads(&office).into_iter().find(|lead| lead.last_name.as_deref() == Some("=B")).unwrap();
    assert_eq!(b.phone.as_ref().unwrap().as_str(), "+1 415 555 2671");
    assert_eq!(b.note.as_deref(), Some("two\nlines"));
    assert_eq!(error_file(&session, second.import.id).await.lines().count(), 1);
}

#[tokio::test]
async fn a_column_of_the_file_that_is_called_error_is_kept() {
    let office = Office::open().await;
    let session = office.boss().await;
    let text = "Email,error\nbad,kept\n";
    let mut new = planned(&session, ImportKind::Leads, text).await;
    new.mapping = Mapping::new([("Email", Target::Email(1)), ("error", Target::Note)]);
    let report = finish(&session, new, text).await.unwrap();
    let file = error_file(&session, report.import.id).await;
    assert!(file.starts_with("Email,error,import error\r\nbad,kept,"), "{file}");
}
