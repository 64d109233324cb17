//! Candidates among stored records.

use super::super::{AUTOMATIC, Candidate, MOST_HOLDERS, Profile, candidates};
use crate::access::{Permission, StandardRole};
use crate::identity::{MatchKey, RecordKind, RecordRef};
use crate::kernel::{EmailAddress, Stored};
use crate::lead::{Lead, NewLead};
use crate::people::{NewAccount, NewContact, NewContactPoint, PointValue};
use crate::testing::office::{Office, named};

fn lead(given: &str, family: &str, email: &str) -> NewLead {
    let email = EmailAddress::parse(email).ok();
    NewLead { first_name: given.parse().ok(), last_name: family.parse().ok(), email, ..NewLead::default() }
}

fn ada() -> Profile {
    Profile::person(Some("Ada"), Some("Lovelace")).email(&"ada@acme.com".parse().unwrap())
}

async fn found(office: &Office, profiles: &[Profile]) -> Vec<Vec<Candidate>> {
    let boss = office.boss().await;
    let mut uow = boss.begin(Permission::DuplicateRead).await.unwrap();
    candidates(&mut uow, profiles).await.unwrap()
}

fn record(lead: &Stored<Lead>) -> RecordRef {
    RecordRef::new(RecordKind::Lead, lead.id)
}

#[tokio::test]
async fn a_profile_is_filed_under_the_keys_of_its_record() {
    let mut new = lead("Ada", "Lovelace", "ada+x@acme.com");
    new.other_emails = (0..12).map(|number| format!("ada{number}@mail{number}.org").parse().unwrap()).collect();
    new.company = "Acme Ltd".parse().ok();
    new.city = "São Paulo".parse().ok();
    new.website = "acme.org".parse().ok();
    let lead = Lead::new(new).unwrap();
    assert_eq!(Profile::of_lead(&lead).keys(), lead.keys());
    let office = Office::open().await;
    let boss = office.boss().await;
    let account = boss.accounts().create(NewAccount::named("Acme Ltd".parse().unwrap())).await.unwrap();
    let email = NewContactPoint { value: PointValue::Email("ada@acme.com".parse().unwrap()), label: None };
    let new = NewContact {
        first_name: "Ada".parse().ok(),
        last_name: "Lovelace".parse().ok(),
        account_id: Some(account.id),
        points: vec![email],
        ..NewContact::default()
    };
    let contact = boss.contacts().create(new).await.unwrap();
    let points = boss.contacts().points(contact.id).await.unwrap();
    let profile = Profile::of_contact(&contact, points.iter().map(|point| &point.value), Some("Acme Ltd"));
    let filed = office.keys_of(RecordRef::new(RecordKind::Contact, contact.id));
    assert_eq!(profile.keys().iter().collect::<Vec<_>>(), filed);
    assert!(filed.contains(&"name-company:acme/al".to_owned()), "{filed:?}");
    let filed = office.keys_of(RecordRef::new(RecordKind::Account, account.id));
    assert_eq!(Profile::of_account(&account, []).keys().iter().collect::<Vec<_>>(), filed);
}

#[tokio::test]
async fn records_of_every_kind_and_state_are_found() {
    let office = Office::open().await;
    let boss = office.boss().await;
    let given_up = office.lead(lead("Ada", "Lovelace", "ada@acme.com")).await;
    boss.leads().disqualify(given_up.id, None).await.unwrap();
    let email = NewContactPoint { value: PointValue::Email("ada@acme.com".parse().unwrap()), label: None };
    let new = NewContact { first_name: "Ada".parse().ok(), points: vec![email], ..NewContact::default() };
    let contact = boss.contacts().create(new).await.unwrap();
    let found = found(&office, &[ada()]).await.remove(0);
    let records: Vec<RecordRef> = found.iter().map(|candidate| candidate.record).collect();
    assert_eq!(records, [record(&given_up), RecordRef::new(RecordKind::Contact, contact.id)]);
    assert!(found.iter().all(|candidate| candidate.confidence >= AUTOMATIC));
    assert_eq!(found_company(&office, "Acme GmbH").await.len(), 0);
    let account = boss.accounts().create(NewAccount::named("Acme Inc.".parse().unwrap())).await.unwrap();
    assert_eq!(found_company(&office, "Acme GmbH").await, [RecordRef::new(RecordKind::Account, account.id)]);
}

async fn found_company(office: &Office, name: &str) -> Vec<RecordRef> {
    let found = found(office, &[Profile::company(name)]).await.remove(0);
    found.into_iter().map(|candidate| candidate.record).collect()
}

#[tokio::test]
async fn many_profiles_are_answered_in_their_order() {
    let office = Office::open().await;
    let mut leads = Vec::new();
    for number in 0..30 {
        leads.push(office.lead(lead("Ada", "Lovelace", &format!("ada{number}@acme{number}.org"))).await);
    }
    let profiles: Vec<Profile> = leads.iter().rev().map(|lead| Profile::of_lead(lead)).collect();
    let found = found(&office, &profiles).await;
    assert_eq!(found.len(), 30);
    for (lead, found) in leads.iter().rev().zip(found) {
        assert_eq!(found.first().map(|candidate| candidate.record), Some(record(lead)));
        assert_eq!(found.len(), 1, "namesakes with other addresses are no candidates");
    }
}

#[tokio::test]
async fn a_key_that_many_share_is_passed_over_and_hides_nobody_else() {
    let office = Office::open().await;
    let boss = office.boss().await;
    let namesake = office.lead(lead("Ada", "Lovelace", "")).await;
    let mut uow = boss.begin(Permission::LeadUpdate).await.unwrap();
    // More than two pages of a key that is nothing special, filed before the one that counts.
    let crowd = (0..2_500).map(|_| MatchKey {
        key: "name:ada lovelace".to_owned(),
        record_kind: RecordKind::Lead,
        record_id: uow.new_id::<Lead>().uuid(),
    });
    let crowd: Vec<_> = crowd.collect();
    uow.add_parts(crowd).await.unwrap();
    uow.commit().await.unwrap();
    let known = office.lead(lead("Ada", "Lovelace", "ada@acme.com")).await;
    let mut found = found(&office, &[ada()]).await.remove(0);
    let first = found.remove(0);
    assert_eq!((first.record, found.len()), (record(&known), 0));
    let said = first.evidence.to_string();
    assert!(said.contains(&format!("more than {MOST_HOLDERS} records share 'name:ada lovelace'")), "{said}");
    assert_ne!(first.record, record(&namesake));
}

#[tokio::test]
async fn of_a_record_that_the_caller_may_not_see_nothing_but_its_being_is_told() {
    let office = Office::open().await;
    let rep = office.hire("sam", StandardRole::SalesRep).await;
    let mut new = lead("Ada", "Lovelace", "ada@acme.com");
    new.city = "Rome".parse().ok();
    let secret = office.lead(new).await;
    let profile = ada().city("Paris");
    let seen = office.boss().await.duplicates().check(&profile).await.unwrap();
    assert_eq!(seen[0].record, Some(record(&secret)));
    assert!(seen[0].evidence.to_string().contains("rome"), "control: who may see it is told why");
    let hidden = office.session_of(rep).await.duplicates().check(&profile).await.unwrap();
    assert_eq!((hidden.len(), hidden[0].record, hidden[0].confidence), (1, None, seen[0].confidence));
    let told = serde_json::to_string(&hidden).unwrap().to_lowercase();
    for value in ["rome", "lovelace", "acme", &secret.id.to_string()] {
        assert!(!told.contains(value), "'{value}' is told: {told}");
    }
}

#[tokio::test]
async fn another_organization_is_never_asked() {
    let office = Office::open().await;
    let neighbour = office.neighbour("neighbour").await;
    neighbour.lead(lead("Ada", "Lovelace", "ada@acme.com")).await;
    assert_eq!(found(&office, &[ada()]).await, [vec![]]);
    assert_eq!(found(&neighbour, &[ada()]).await[0].len(), 1);
}

#[tokio::test]
async fn a_lead_is_not_its_own_duplicate() {
    let office = Office::open().await;
    let one = office.lead(lead("Ada", "Lovelace", "ada@acme.com")).await;
    let boss = office.boss().await;
    assert_eq!(boss.duplicates().of_lead(one.id).await.unwrap(), []);
    let other = office.lead(lead("Ada", "L.", "ada@acme.com")).await;
    let hits = boss.duplicates().of_lead(one.id).await.unwrap();
    assert_eq!(hits.iter().map(|hit| hit.record).collect::<Vec<_>>(), [Some(record(&other))]);
    let nobody = office.lead(named("Nobody")).await;
    assert_eq!(boss.duplicates().of_lead(nobody.id).await.unwrap(), []);
}
