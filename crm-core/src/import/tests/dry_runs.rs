//! A dry run says what the run will say, and leaves nothing behind.

use super::*;
use crate::event::Event;
use crate::intake::{Capture, OnMatch};

/// New people, known ones, doubles in the file across batches, and rows with something wrong.
fn mixture() -> String {
    let rows = (1..=1_300).map(|number| match number % 13 {
        0 => format!("Nobody {number},not-mail,x\n"),
        1 => format!("Double {number},p{}@ex.com,\n", number % 100),
        _ => format!("Person {number},p{number}@ex{number}.com,{number}\n"),
    });
    std::iter::once("Last Name,Email,Employees\n".to_owned()).chain(rows).collect()
}

/// The issues without what a dry run cannot know: identifiers of records that it makes and drops.
fn without_identifiers(report: &ImportReport) -> Vec<ImportIssue> {
    let import_id = ImportId::new(uuid::Uuid::nil());
    let issues = report.issues.iter().cloned();
    issues
        .map(|issue| match issue.code.as_str() {
            "import.possible_duplicate" => ImportIssue { import_id, message: String::new(), ..issue },
            _ => ImportIssue { import_id, ..issue },
        })
        .collect()
}

#[tokio::test]
async fn a_dry_run_predicts_exactly_and_changes_nothing() {
    for on_match in [OnMatch::Policy, OnMatch::Skip, OnMatch::FillEmpty, OnMatch::Overwrite] {
        let office = Office::open().await;
        let session = office.boss().await;
        leads(&session, "Email,City\np14@ex.com,Paris\n").await;
        let before = (stored_leads(&office), office.store.dump::<Event>(office.organization));
        let text = mixture();
        let new = NewImport {
            options: ImportOptions { on_match, ..ImportOptions::default() },
            ..planned(&session, ImportKind::Leads, &text).await
        };
        let dry = session.imports().dry_run(new.clone(), &mut file(&text), &mut |_| {}).await.unwrap();
        assert_eq!((stored_leads(&office), office.store.dump::<Event>(office.organization)), before);
        assert_eq!(office.store.dump::<Import>(office.organization).len(), 1);
        assert_eq!(office.store.dump::<Capture>(office.organization).len(), 1);
        let real = finish(&session, new, &text).await.unwrap();
        assert_sums_add_up(&dry.import.counts);
        assert_eq!(dry.import.counts, real.import.counts, "{on_match:?}");
        assert_eq!(without_identifiers(&dry), without_identifiers(&real));
        assert!(dry.exact);
        assert_eq!(dry.import.counts.read, 1_300);
        assert!(dry.import.counts.refused >= 100, "{:?}", dry.import.counts);
    }
}

#[tokio::test]
async fn a_dry_run_of_what_was_imported_is_the_report() {
    let office = Office::open().await;
    let session = office.boss().await;
    let text = "Last Name\nA\n";
    let report = leads(&session, text).await;
    let new = planned(&session, ImportKind::Leads, text).await;
    assert_eq!(session.imports().dry_run(new, &mut file(text), &mut |_| {}).await.unwrap(), report);
}

#[tokio::test]
async fn a_dry_run_of_an_import_that_was_begun_goes_on_from_there() {
    let office = Office::open().await;
    let session = office.boss().await;
    let text = "Last Name\nA\nB\n";
    let new = planned(&session, ImportKind::Leads, text).await;
    let begun = session.imports().start(new.clone()).await.unwrap();
    let dry = session.imports().dry_run(new, &mut file(text), &mut |_| {}).await.unwrap();
    assert_eq!((dry.import.counts.created, dry.import.state), (2, ImportState::Finished));
    let kept = session.imports().report(begun.import().id).await.unwrap().import;
    assert_eq!(&kept, begun.import());
}

#[tokio::test]
async fn a_dry_run_names_the_value_that_another_record_has() {
    let office = Office::open().await;
    let session = office.boss().await;
    field(&session, "number", CustomType::Text, true).await;
    let text = "Last Name,Email,Number\nA,a@ex1.com,1\nB,b@ex2.com,1\nC,c@ex3.com,2\n";
    let new = planned(&session, ImportKind::Leads, text).await;
    let dry = session.imports().dry_run(new.clone(), &mut file(text), &mut |_| {}).await.unwrap();
    let real = finish(&session, new, text).await.unwrap();
    assert_eq!(dry.import.counts, real.import.counts);
    assert_eq!(without_identifiers(&dry), without_identifiers(&real));
    assert_eq!(told(&real), [(2, "Number", "custom_field.taken")]);
    assert_eq!(stored_leads(&office).len(), 2);
}
