//! What only a real server can show of intake: submissions that arrive at the same moment, and one that goes away.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crm_core::access::{Caller, NewMember, NewOrganization, StandardRole, TimeZone};
use crm_core::crm::Crm;
use crm_core::csv::{CsvOptions, CsvReader};
use crm_core::import::{ImportKind, ImportOptions, ImportState, NewImport, fingerprint};
use crm_core::intake::{CaptureOutcome, Submission};
use crm_core::kernel::{Currency, Kind, Page, Predicate};
use crm_core::lead::{Lead, NewLead};
use crm_core::testing::{ManualClock, SequentialIds};

use crate::database::Database;
use crate::faults::KILL;

fn office() -> NewOrganization {
    NewOrganization {
        slug: "office".to_owned().try_into().unwrap(),
        name: "Office".parse().unwrap(),
        default_currency: Currency::EUR,
        time_zone: TimeZone::utc(),
        region: None,
    }
}

fn olivia() -> NewMember {
    NewMember {
        name: "Olivia".parse().unwrap(),
        email: "olivia@office.example".parse().unwrap(),
        role: StandardRole::Owner,
        custom_role_id: None,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_submissions_of_one_new_person_at_once_make_one_lead() {
    let database = Database::fresh().await;
    let crm = Crm::new(database.store().await, ManualClock::default(), SequentialIds::new());
    let (office, _) = crm.found(office(), olivia()).await.unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let session = crm.session(Caller::system(office.id, "web-form"));
        let lead = NewLead {
            last_name: Some("Keller".parse().unwrap()),
            email: Some("mara.keller@fernhill.example".parse().unwrap()),
            ..NewLead::default()
        };
        let once = Submission::new("web-form".parse().unwrap(), lead);
        tasks.spawn(async move { session.intake().submit(once).await.unwrap() });
    }
    let outcomes = tasks.join_all().await;
    let created = outcomes.iter().filter(|outcome| matches!(outcome, CaptureOutcome::Created { .. })).count();
    let session = crm.session(Caller::system(office.id, "count"));
    let leads = session.leads().list(&Predicate::everything(), &Page::first(50)).await.unwrap();
    assert_eq!((created, leads.len()), (1, 1), "{outcomes:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_whose_connections_are_killed_goes_on_and_makes_nothing_twice() {
    const ROWS: i64 = 1_600;
    const KILLS: u32 = 3;
    let database = Database::fresh().await;
    let crm = Crm::new(database.store().await, ManualClock::default(), SequentialIds::new());
    let (office, _) = crm.found(office(), olivia()).await.unwrap();
    let session = crm.session(Caller::system(office.id, "host"));
    let rows = (1..=ROWS).map(|number| format!("Person {number},p{number}@ex{number}.com\n"));
    let text: String = std::iter::once("Last Name,Email\n".to_owned()).chain(rows).collect();
    let file = || CsvReader::open(std::io::Cursor::new(text.as_bytes()), CsvOptions::default()).unwrap();
    let headers = file().headers().to_vec();
    let new = NewImport {
        kind: ImportKind::Leads,
        source: "trade-fair".parse().unwrap(),
        file_name: "people.csv".parse().unwrap(),
        fingerprint: fingerprint(text.as_bytes()).unwrap(),
        mapping: session.imports().guess(ImportKind::Leads, &headers).await.unwrap(),
        headers,
        options: ImportOptions::default(),
    };
    // Whenever a batch is kept, somebody kills all connections in the middle of the next one.
    let (kept, killed) = (AtomicU32::new(0), AtomicU32::new(0));
    let cutting = async {
        while killed.load(Ordering::SeqCst) < KILLS {
            if kept.load(Ordering::SeqCst) > killed.load(Ordering::SeqCst) {
                tokio::time::sleep(Duration::from_millis(20)).await;
                database.admin(KILL).await;
                killed.fetch_add(1, Ordering::SeqCst);
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        std::future::pending::<()>().await;
    };
    let importer = async {
        let mut cuts = 0;
        loop {
            let id = session.imports().start(new.clone()).await.unwrap().import().id;
            let before = killed.load(Ordering::SeqCst);
            let mut progress = |_: &_| kept.store(killed.load(Ordering::SeqCst) + 1, Ordering::SeqCst);
            match session.imports().run(id, &mut file(), &mut progress).await {
                Ok(report) => return (report, cuts),
                Err(error) => {
                    assert_eq!(error.kind(), Kind::Unavailable, "{error}");
                    assert!(!error.to_string().contains("terminat"), "causes are for the log");
                    assert!(killed.load(Ordering::SeqCst) >= before);
                    cuts += 1;
                }
            }
        }
    };
    let (report, cuts) = tokio::select! {
        done = importer => done,
        () = cutting => unreachable!("the killer waits for ever in the end"),
    };
    assert!(cuts > 0, "nothing was cut off");
    assert_eq!(
        (report.import.state, report.import.counts.created),
        (ImportState::Finished, u64::try_from(ROWS).unwrap())
    );
    let mut found = 0;
    let mut page = Page::<Lead>::first(1_000);
    loop {
        let leads = session.leads().list(&Predicate::everything(), &page).await.unwrap();
        found += i64::try_from(leads.len()).unwrap();
        let Some(last) = leads.last() else { break };
        page = page.following(last);
    }
    assert_eq!(found, ROWS, "each person once");
}
