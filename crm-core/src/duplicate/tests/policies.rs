//! The matrix of source and certainty.

use super::super::{Action, Candidate, Certainty, DuplicatePolicy, Policies, TooUnsure};
use crate::identity::{RecordKind, RecordRef};
use crate::kernel::{Explanation, Name};
use crate::testing::office::Office;

fn source(name: &str) -> Name {
    name.parse().unwrap()
}

fn candidate(kind: RecordKind, id: u128, confidence: u16) -> Candidate {
    let record = RecordRef { kind, id: uuid::Uuid::from_u128(id) };
    Candidate { record, confidence, evidence: Explanation::new(format!("{id}")) }
}

#[test]
fn without_policies_the_certain_is_linked_and_the_rest_flagged() {
    let none = Policies::default();
    assert_eq!(none.action(None, Certainty::Certain), Action::Link);
    assert_eq!(none.action(None, Certainty::Likely), Action::AllowAndFlag);
    assert_eq!(none.action(Some(source("web")).as_ref(), Certainty::Possible), Action::AllowAndFlag);
}

#[test]
fn the_own_policy_of_a_source_goes_before_that_of_all_others() {
    let policy = |from, certainty, action| DuplicatePolicy::new(from, certainty, action).unwrap();
    let policies = Policies::new(vec![
        policy(None, Certainty::Certain, Action::Block),
        policy(Some(source("Web Förm")), Certainty::Certain, Action::Merge),
        policy(Some(source("Web Förm")), Certainty::Likely, Action::Warn),
    ]);
    for (from, certainty, action) in [
        (Some(source("web form")), Certainty::Certain, Action::Merge),
        (Some(source("WEB FÖRM")), Certainty::Likely, Action::Warn),
        (Some(source("web form")), Certainty::Possible, Action::AllowAndFlag),
        (Some(source("fair")), Certainty::Certain, Action::Block),
        (None, Certainty::Certain, Action::Block),
        (None, Certainty::Likely, Action::AllowAndFlag),
    ] {
        assert_eq!(policies.action(from.as_ref(), certainty), action, "{from:?} {certainty:?}");
    }
}

#[test]
fn what_is_not_certain_is_never_taken_for_one_without_asking() {
    for certainty in Certainty::ALL {
        for action in [Action::Block, Action::Warn, Action::AllowAndFlag, Action::Link, Action::Merge] {
            let refused = DuplicatePolicy::new(None, *certainty, action).err();
            let unsure = action.is_automatic() && *certainty != Certainty::Certain;
            assert_eq!(refused, unsure.then_some(TooUnsure { action, certainty: *certainty }));
        }
    }
}

#[test]
fn the_surest_candidate_decides_and_a_lead_goes_first_among_equals() {
    let candidates = [
        candidate(RecordKind::Contact, 1, 990),
        candidate(RecordKind::Lead, 2, 960),
        candidate(RecordKind::Lead, 3, 700),
    ];
    let decision = Policies::default().decide(None, &candidates);
    assert_eq!((decision.action, decision.target.map(|one| one.record.id.as_u128())), (Action::Link, Some(2)));
    assert!(decision.reasons.to_string().contains("certain match: link"), "{}", decision.reasons);
    let decision = Policies::default().decide(None, &candidates[2..]);
    assert_eq!(decision.action, Action::AllowAndFlag);
    let nobody = Policies::default().decide(None, &[]);
    assert_eq!((nobody.action, nobody.target), (Action::AllowAndFlag, None));
}

#[tokio::test]
async fn a_policy_is_kept_once_for_each_source_and_certainty() {
    let office = Office::open().await;
    let boss = office.boss().await;
    let duplicates = boss.duplicates();
    let set = |from, action| duplicates.set_policy(from, Certainty::Certain, action);
    let first = set(Some(source("Fair")), Action::Block).await.unwrap();
    let second = set(Some(source("FAIR")), Action::Merge).await.unwrap();
    assert_eq!((first.id, second.action()), (second.id, Action::Merge));
    set(None, Action::Block).await.unwrap();
    set(None, Action::Link).await.unwrap();
    assert_eq!(boss.duplicates().policies().await.unwrap().len(), 2);
    let refused = boss.duplicates().set_policy(None, Certainty::Likely, Action::Merge).await.unwrap_err();
    assert_eq!(refused.code(), "duplicate_policy.too_unsure");
    boss.duplicates().delete_policy(second.id, second.version).await.unwrap();
    assert_eq!(boss.duplicates().policies().await.unwrap().len(), 1);
    let events = office.events_of(second.id.uuid());
    assert_eq!(events, ["duplicate_policy.set", "duplicate_policy.set", "duplicate_policy.deleted"]);
}
