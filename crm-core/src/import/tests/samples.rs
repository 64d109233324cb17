//! The shared sample files, imported as they are.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;

use super::*;
use crate::people::Account;

/// A file beside the project, or a word that it is not there.
fn sample(name: &str) -> Option<Vec<u8>> {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data")).join(name);
    let found = fs::read(path).ok();
    if found.is_none() {
        // Not by println, which the harness keeps to itself when a test passes.
        std::io::stderr().write_all(format!("skipped: ../shared/data/{name} is not here\n").as_bytes()).unwrap();
    }
    found
}

#[tokio::test]
async fn a_thousand_leads_come_in_and_none_twice() {
    let Some(text) = sample("leads-1000.csv") else { return };
    let office = Office::open().await;
    let session = office.boss().await;
    let new = planned(&session, ImportKind::Leads, &text).await;
    let dry = session.imports().dry_run(new.clone(), &mut file(&text), &mut |_| {}).await.unwrap();
    let report = finish(&session, new.clone(), &text).await.unwrap();
    let counts = report.import.counts;
    assert_sums_add_up(&counts);
    assert_eq!(
        (counts.read, counts.refused),
        (1_000, 0),
        "{:?}",
        report.issues.iter().find(|issue| issue.kind == IssueKind::Error)
    );
    assert_eq!(dry.import.counts, counts);
    let stored = stored_leads(&office);
    assert_eq!(u64::try_from(stored.len()).unwrap(), counts.created);
    let first =
        stored.iter().find(|lead| lead.email.as_ref().is_some_and(|email| email.as_str() == "cookemax@franco.com"));
    let first = first.unwrap();
    assert_eq!(first.full_name(), "Jamie Reese");
    assert_eq!((first.other_emails.len(), first.other_phones.len()), (1, 1));
    // The same file once more, and the same rows in another file: the people in it are known by now.
    finish(&session, new.clone(), &text).await.unwrap();
    let other = [text.as_slice(), b"\n"].concat();
    let again = leads(&session, &other).await;
    assert_eq!((again.import.counts.created, again.import.counts.linked), (0, counts.read));
    assert_eq!(stored_leads(&office).len(), stored.len());
}

#[tokio::test]
async fn a_thousand_organizations_come_in_and_none_twice() {
    let Some(text) = sample("organizations-1000.csv") else { return };
    let office = Office::open().await;
    let session = office.boss().await;
    let new = planned(&session, ImportKind::Accounts, &text).await;
    let dry = session.imports().dry_run(new.clone(), &mut file(&text), &mut |_| {}).await.unwrap();
    let report = finish(&session, new, &text).await.unwrap();
    let counts = report.import.counts;
    assert_sums_add_up(&counts);
    assert_eq!((counts.read, counts.refused), (1_000, 0), "{:?}", report.issues);
    assert_eq!(dry.import.counts, counts);
    let stored = office.store.dump::<Account>(office.organization);
    assert_eq!(u64::try_from(stored.len()).unwrap(), counts.created);
    assert!(counts.created >= 900, "{counts:?}");
    let again = [text.as_slice(), b"\n"].concat();
    let again = import(&session, ImportKind::Accounts, &again, ImportOptions::default()).await.unwrap();
    assert_eq!(again.import.counts.created, 0, "{:?}", again.import.counts);
}

#[tokio::test]
async fn every_damaged_file_comes_in_as_its_repaired_copy_does() {
    let Some(manifest) = sample("broken-csv/manifest.json") else { return };
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
    let names: Vec<_> = manifest.as_array().unwrap().iter().map(|entry| entry["file_name"].as_str().unwrap()).collect();
    assert!(!names.is_empty(), "the manifest lists no file");
    for name in names {
        let damaged = sample(&format!("broken-csv/{name}")).unwrap();
        let sound = sample(&format!("broken-csv/expected-fixed/{name}")).unwrap();
        let of = async |text: &[u8]| {
            let office = Office::open().await;
            let report = leads(&office.boss().await, text).await;
            let leads: Vec<_> = stored_leads(&office).into_iter().map(|lead| lead.value).collect();
            (report.import.counts, leads)
        };
        let (counts, leads) = of(&damaged).await;
        assert!(counts.read > 0 && counts.created > 0, "{name}: {counts:?}");
        assert_eq!((counts, leads), of(&sound).await, "{name}");
    }
}
