//! What only a real server can show of intake: submissions that arrive at the same moment.

use crm_core::access::{Caller, NewMember, NewOrganization, StandardRole, TimeZone};
use crm_core::crm::Crm;
use crm_core::intake::{CaptureOutcome, Submission};
use crm_core::kernel::{Currency, Page, Predicate};
use crm_core::lead::NewLead;
use crm_core::testing::{ManualClock, SequentialIds};

use crate::database::Database;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_submissions_of_one_new_person_at_once_make_one_lead() {
    let database = Database::fresh().await;
    let crm = Crm::new(database.store().await, ManualClock::default(), SequentialIds::new());
    let office = NewOrganization {
        slug: "office".to_owned().try_into().unwrap(),
        name: "Office".parse().unwrap(),
        default_currency: Currency::EUR,
        time_zone: TimeZone::utc(),
        region: None,
    };
    let olivia = NewMember {
        name: "Olivia".parse().unwrap(),
        email: "olivia@office.example".parse().unwrap(),
        role: StandardRole::Owner,
        custom_role_id: None,
    };
    let (office, _) = crm.found(office, olivia).await.unwrap();
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
