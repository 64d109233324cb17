//! Flagged pairs and what becomes of them.

use super::super::{Candidate, DuplicateFlag, FlagRefusal, FlagState, Profile, candidates, raise_flags};
use crate::access::{Permission, StandardRole};
use crate::identity::{RecordKind, RecordRef};
use crate::kernel::{Cursor, Explanation, Id, Page, Stored, Value};
use crate::lead::{Lead, NewLead};
use crate::testing::office::Office;

fn ada(email: &str) -> NewLead {
    NewLead {
        first_name: "Ada".parse().ok(),
        last_name: "Lovelace".parse().ok(),
        email: email.parse().ok(),
        ..NewLead::default()
    }
}

async fn flagged(office: &Office) -> (Stored<Lead>, Stored<Lead>) {
    let one = office.lead(ada("ada@acme.com")).await;
    let other = office.lead(ada("ada@acme.com")).await;
    let boss = office.boss().await;
    let mut uow = boss.begin(Permission::LeadCreate).await.unwrap();
    let own = RecordRef::new(RecordKind::Lead, other.id);
    let mut found = candidates(&mut uow, &[Profile::of_lead(&other)]).await.unwrap().remove(0);
    found.retain(|candidate| candidate.record != own);
    raise_flags(&mut uow, found.into_iter().map(|candidate| (own, candidate)).collect()).await.unwrap();
    uow.commit().await.unwrap();
    (one, other)
}

#[test]
fn a_pair_is_one_flag_whoever_is_asked_about_it() {
    let record = |id| RecordRef { kind: RecordKind::Lead, id: uuid::Uuid::from_u128(id) };
    let candidate = |id| Candidate { record: record(id), confidence: 700, evidence: Explanation::new("why") };
    assert_eq!(DuplicateFlag::new(record(1), candidate(2)), DuplicateFlag::new(record(2), candidate(1)));
}

#[tokio::test]
async fn a_flag_is_decided_once_and_can_be_reopened() {
    let office = Office::open().await;
    let (one, _) = flagged(&office).await;
    let boss = office.boss().await;
    let open = boss.duplicates().open_flags(&Page::first(10)).await.unwrap();
    assert_eq!((open.len(), open[0].confidence >= 950), (1, true));
    assert_eq!(boss.duplicates().of_lead(one.id).await.unwrap().len(), 1);
    let id = open[0].flag;
    assert_eq!(boss.duplicates().dismiss(id).await.unwrap().state, FlagState::Dismissed);
    assert_eq!(boss.duplicates().open_flags(&Page::first(10)).await.unwrap(), []);
    assert_eq!(boss.duplicates().of_lead(one.id).await.unwrap(), [], "dismissed is not brought up again");
    let twice = boss.duplicates().dismiss(id).await.unwrap_err();
    assert_eq!(twice.downcast_ref::<FlagRefusal>(), Some(&FlagRefusal::Decided(FlagState::Dismissed)));
    boss.duplicates().reopen(id).await.unwrap();
    assert_eq!(boss.duplicates().surest_flags(10).await.unwrap().len(), 1);
    assert_eq!(boss.duplicates().reopen(id).await.unwrap_err().code(), "duplicate_flag.not_dismissed");
    let events = office.events_of(id.uuid());
    assert_eq!(events, ["duplicate.flagged", "duplicate.dismissed", "duplicate.reopened"]);
}

#[test]
fn what_was_merged_stays_decided() {
    let record = |id| RecordRef { kind: RecordKind::Lead, id: uuid::Uuid::from_u128(id) };
    let candidate = Candidate { record: record(2), confidence: 990, evidence: Explanation::new("why") };
    let mut flag = DuplicateFlag::new(record(1), candidate);
    flag.merge().unwrap();
    assert_eq!(flag.dismiss().unwrap_err(), FlagRefusal::Decided(FlagState::Merged));
    assert_eq!(flag.reopen().unwrap_err(), FlagRefusal::NotDismissed(FlagState::Merged));
}

#[tokio::test]
async fn a_pair_of_which_one_is_hidden_is_shown_without_its_values() {
    let office = Office::open().await;
    let rep = office.hire("sam", StandardRole::SalesRep).await;
    let (one, other) = flagged(&office).await;
    let boss = office.boss().await;
    let sam = office.session_of(rep).await;
    assert_eq!(sam.duplicates().open_flags(&Page::first(10)).await.unwrap(), [], "neither is theirs");
    let open = boss.duplicates().open_flags(&Page::first(10)).await.unwrap().remove(0);
    assert_eq!(sam.duplicates().dismiss(open.flag).await.unwrap_err().code(), "record.not_found");
    let mut uow = boss.begin(Permission::LeadAssign).await.unwrap();
    let mut lead = uow.get(one.id).await.unwrap();
    let event = lead.value.assign(Some(rep), Explanation::new("test")).unwrap();
    uow.save(lead, event).await.unwrap();
    uow.commit().await.unwrap();
    let shown = sam.duplicates().open_flags(&Page::first(10)).await.unwrap().remove(0);
    let told = serde_json::to_string(&shown).unwrap();
    assert!(shown.records.contains(&None) && told.contains(&one.id.to_string()), "{told}");
    assert!(!told.contains("ada@acme.com") && !told.contains(&other.id.to_string()), "{told}");
    assert!(open.evidence.to_string().contains("ada@acme.com"), "control: the boss is told why");
    let dismissed = sam.duplicates().dismiss(open.flag).await.unwrap();
    let reopened = sam.duplicates().reopen(open.flag).await.unwrap();
    assert_eq!((dismissed.state, reopened.state), (FlagState::Dismissed, FlagState::Open));
    for answer in [&dismissed, &reopened] {
        let told = serde_json::to_string(answer).unwrap();
        assert!(answer.records.contains(&None) && told.contains(&one.id.to_string()), "{told}");
        assert!(!told.contains("ada@acme.com") && !told.contains(&other.id.to_string()), "{told}");
    }
    let whole = boss.duplicates().dismiss(open.flag).await.unwrap();
    assert!(whole.evidence.to_string().contains("ada@acme.com"), "control: the boss is told why");
    assert_eq!(sam.duplicates().dismiss(Id::new(one.id.uuid())).await.unwrap_err().code(), "record.not_found");
}

#[tokio::test]
async fn pairs_that_a_caller_does_not_see_leave_no_gaps_in_pages() {
    let office = Office::open().await;
    let rep = office.hire("sam", StandardRole::SalesRep).await;
    let boss = office.boss().await;
    for number in 0..9 {
        let owner_id = (number % 3 == 2).then_some(rep);
        let email = format!("ada{number}@acme{number}.com");
        let (one, other) = (office.lead(NewLead { owner_id, ..ada(&email) }).await, office.lead(ada(&email)).await);
        let candidate = Candidate {
            record: RecordRef::new(RecordKind::Lead, other.id),
            confidence: 960,
            evidence: Explanation::new("why"),
        };
        let mut uow = boss.begin(Permission::LeadCreate).await.unwrap();
        raise_flags(&mut uow, vec![(RecordRef::new(RecordKind::Lead, one.id), candidate)]).await.unwrap();
        uow.commit().await.unwrap();
    }
    let sam = office.session_of(rep).await;
    let first = sam.duplicates().open_flags(&Page::first(2)).await.unwrap();
    assert_eq!(first.len(), 2, "full, though most pairs are hidden");
    let last = first[1].flag.uuid();
    let behind = Page::first(2).after(Cursor { value: Value::Uuid(last), id: last }).unwrap();
    let second = sam.duplicates().open_flags(&behind).await.unwrap();
    assert_eq!(second.len(), 1);
    assert!(!first.contains(&second[0]));
    assert_eq!(sam.duplicates().surest_flags(2).await.unwrap().len(), 2);
    assert_eq!(boss.duplicates().open_flags(&Page::first(50)).await.unwrap().len(), 9, "control");
}
