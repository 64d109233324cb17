//! Primaries, keys, the tree of accounts and their domains.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use super::*;
use crate::access::StandardRole;
use crate::event::Event;
use crate::identity::{RecordKind, RecordRef};
use crate::kernel::{DigitsOnly, Domain, Id, Page, Patch, PhoneNumbers, Predicate, Stored};
use crate::testing::office::{Office, run};

fn email(address: &str) -> NewContactPoint {
    NewContactPoint { value: PointValue::Email(address.parse().unwrap()), label: None }
}

fn phone(number: &str) -> NewContactPoint {
    NewContactPoint { value: PointValue::Phone(DigitsOnly.parse(number, None).unwrap()), label: None }
}

fn ada() -> NewContact {
    NewContact { first_name: Some("Ada".parse().unwrap()), ..NewContact::default() }
}

fn company(name: &str) -> NewAccount {
    NewAccount::named(name.parse().unwrap())
}

fn domains(domains: &[&str]) -> Vec<Domain> {
    domains.iter().map(|domain| domain.parse().unwrap()).collect()
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Email(u8),
    Phone(u8),
    Remove(usize),
    MakePrimary(usize),
    OptOut(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (0..4_u8).prop_map(Step::Email),
        (0..4_u8).prop_map(Step::Phone),
        (0..8_usize).prop_map(Step::Remove),
        (0..8_usize).prop_map(Step::MakePrimary),
        (0..8_usize).prop_map(Step::OptOut),
    ];
    prop::collection::vec(step, 1..20)
}

async fn take(contacts: &Contacts<'_>, id: ContactId, step: Step) -> Result<(), TestCaseError> {
    let points = contacts.points(id).await.unwrap();
    let chosen = |index: usize| points.get(index).map(|point| point.id);
    let new = match step {
        Step::Email(number) => Some(email(&format!("ada{number}@lovelace.example"))),
        Step::Phone(number) => Some(phone(&format!("+49 30 100000{number}"))),
        _ => None,
    };
    if let Some(new) = new {
        let known = points.iter().any(|point| point.value.value == new.value);
        let outcome = contacts.add_point(id, new).await;
        let expected = if known { Some("contact.point_twice") } else { None };
        prop_assert_eq!(outcome.as_ref().err().map(crate::kernel::Error::code), expected);
    }
    match step {
        Step::Remove(index) => match chosen(index) {
            Some(point) => contacts.remove_point(id, point).await.unwrap(),
            None => return Ok(()),
        },
        Step::MakePrimary(index) => {
            let Some(point) = chosen(index) else { return Ok(()) };
            contacts.make_primary(id, point).await.unwrap();
            let after = contacts.points(id).await.unwrap();
            prop_assert!(after.iter().any(|own| own.id == point && own.is_primary()), "the chosen one is not primary");
        }
        Step::OptOut(index) => match chosen(index) {
            Some(point) => contacts.opt_out(id, point, true).await.unwrap(),
            None => return Ok(()),
        },
        Step::Email(_) | Step::Phone(_) => {}
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_contact_has_exactly_one_primary_of_each_kind_that_it_has(steps in steps()) {
        run(async {
            let office = Office::open().await;
            let boss = office.boss().await;
            let contacts = boss.contacts();
            let id = contacts.create(ada()).await.unwrap().id;
            for step in steps {
                take(&contacts, id, step).await?;
                let points = contacts.points(id).await.unwrap();
                for kind in [PointKind::Email, PointKind::Phone] {
                    let alike: Vec<_> = points.iter().filter(|point| point.kind == kind).collect();
                    let primaries = alike.iter().filter(|point| point.is_primary()).count();
                    prop_assert_eq!(primaries, usize::from(!alike.is_empty()), "after {:?}: {:?}", step, points);
                }
                let contact = contacts.get(id).await.unwrap();
                let keys = contact.keys(points.iter().map(|point| &point.value), None);
                let keys: Vec<_> = keys.iter().map(str::to_owned).collect();
                prop_assert_eq!(office.keys_of(RecordRef::new(RecordKind::Contact, id)), keys);
            }
            Ok(())
        })?;
    }

    #[test]
    fn no_moves_of_accounts_close_a_circle(moves in prop::collection::vec((0..6_usize, 0..7_usize), 1..30)) {
        run(async {
            let office = Office::open().await;
            let boss = office.boss().await;
            let accounts = boss.accounts();
            let mut ids = Vec::new();
            for number in 0..6 {
                ids.push(accounts.create(company(&format!("Company {number}"))).await.unwrap().id);
            }
            let mut parents: BTreeMap<AccountId, AccountId> = BTreeMap::new();
            for (child, parent) in moves {
                let (child, parent) = (ids[child], ids.get(parent).copied());
                let above = |from: AccountId| std::iter::successors(Some(from), |id| parents.get(id).copied());
                let closes = parent.is_some_and(|parent| above(parent).any(|id| id == child));
                let outcome = accounts.place(child, parent).await;
                let expected = if closes { Some("account.cycle") } else { None };
                prop_assert_eq!(outcome.as_ref().err().map(crate::kernel::Error::code), expected);
                if !closes {
                    match parent {
                        Some(parent) => parents.insert(child, parent),
                        None => parents.remove(&child),
                    };
                }
                let stored: BTreeMap<_, _> = office
                    .store
                    .dump::<Account>(office.organization)
                    .into_iter()
                    .filter_map(|row| Some((row.id, row.parent_id?)))
                    .collect();
                prop_assert_eq!(&stored, &parents);
            }
            Ok(())
        })?;
    }
}

#[tokio::test]
async fn a_new_contact_drops_doubles_and_marks_the_first_of_each_kind() {
    let office = Office::open().await;
    let boss = office.boss().await;
    let points = vec![email("a@x.example"), email("A@X.example"), email("b@x.example"), phone("+49 30 1234567")];
    let contact = boss.contacts().create(NewContact { points, ..NewContact::default() }).await.unwrap();
    let points = boss.contacts().points(contact.id).await.unwrap();
    let shown: Vec<_> = points.iter().map(|point| (point.value.value.key().to_owned(), point.is_primary())).collect();
    let expected = [("a@x.example", true), ("b@x.example", false), ("+49301234567", true)];
    assert_eq!(shown, expected.map(|(key, primary)| (key.to_owned(), primary)));
}

#[tokio::test]
async fn a_contact_never_becomes_anonymous() {
    let office = Office::open().await;
    let boss = office.boss().await;
    let contacts = boss.contacts();
    assert_eq!(contacts.create(NewContact::default()).await.unwrap_err().code(), "contact.anonymous");
    let contact = contacts.create(ada()).await.unwrap();
    let nameless = || ContactPatch { first_name: Patch::Clear, ..ContactPatch::default() };
    let refused = contacts.change(contact.id, contact.version, nameless()).await.unwrap_err();
    assert_eq!(refused.code(), "contact.anonymous");

    let point = contacts.add_point(contact.id, email("ada@lovelace.example")).await.unwrap();
    let contact = contacts.change(contact.id, 2, nameless()).await.unwrap();
    assert_eq!(contact.full_name(), "");
    let refused = contacts.remove_point(contact.id, point.id).await.unwrap_err();
    assert_eq!(refused.code(), "contact.anonymous", "the address is all that is known");
    assert_eq!(contacts.points(contact.id).await.unwrap().len(), 1);
}

#[tokio::test]
async fn making_the_primary_one_primary_says_nothing() {
    let office = Office::open().await;
    let boss = office.boss().await;
    let contact = boss.contacts().create(NewContact { points: vec![email("a@x.example")], ..ada() }).await.unwrap();
    let point = boss.contacts().points(contact.id).await.unwrap().remove(0);
    boss.contacts().make_primary(contact.id, point.id).await.unwrap();
    assert_eq!(office.events_of(contact.id.uuid()), ["contact.created"]);
    let foreign = boss.contacts().make_primary(contact.id, Id::new(uuid::Uuid::nil())).await.unwrap_err();
    assert_eq!(foreign.code(), "record.not_found");
}

#[tokio::test]
async fn a_deleted_contact_leaves_its_events_only() {
    let office = Office::open().await;
    let boss = office.boss().await;
    let contacts = boss.contacts();
    let contact = contacts.create(NewContact { points: vec![email("a@x.example")], ..ada() }).await.unwrap();
    contacts.delete(contact.id, contact.version).await.unwrap();
    assert!(office.store.dump::<ContactPoint>(office.organization).is_empty());
    assert!(office.keys_of(RecordRef::new(RecordKind::Contact, contact.id)).is_empty());
    let names: Vec<_> = office
        .store
        .dump::<Event>(office.organization)
        .into_iter()
        .filter(|event| event.record_id == contact.id.uuid())
        .map(|event| event.value.name)
        .collect();
    assert_eq!(names, ["contact.created", "contact.deleted"]);
}

#[tokio::test]
async fn a_domain_belongs_to_one_account() {
    let office = Office::open().await;
    let boss = office.boss().await;
    let accounts = boss.accounts();
    let website = Some("https://www.analytical.example/about".parse().unwrap());
    let new = NewAccount { website, domains: domains(&["engine.example", "gmail.com"]), ..company("Analytical") };
    let first = accounts.create(new).await.unwrap();
    let held = accounts.domains(first.id).await.unwrap();
    assert_eq!(held, BTreeSet::from_iter(domains(&["analytical.example", "engine.example"])));

    let rival = NewAccount { domains: domains(&["engine.example"]), ..company("Difference") };
    assert_eq!(accounts.create(rival).await.unwrap_err().code(), "record.duplicate");
    let second = accounts.create(company("Difference")).await.unwrap();
    let [engine, free] = ["engine.example", "gmail.com"].map(|domain| domain.parse::<Domain>().unwrap());
    assert_eq!(accounts.add_domain(second.id, engine.clone()).await.unwrap_err().code(), "record.duplicate");
    assert_eq!(accounts.add_domain(second.id, free).await.unwrap_err().code(), "account.free_mail_domain");
    accounts.remove_domain(first.id, engine.clone()).await.unwrap();
    accounts.add_domain(second.id, engine).await.unwrap();
    let keys = office.keys_of(RecordRef::new(RecordKind::Account, second.id));
    assert!(keys.iter().any(|key| key == "domain:engine.example"), "{keys:?}");
    let keys = office.keys_of(RecordRef::new(RecordKind::Account, first.id));
    assert!(!keys.iter().any(|key| key == "domain:engine.example"), "{keys:?}");
}

#[tokio::test]
async fn a_removed_domain_stays_away_until_the_website_changes() {
    let office = Office::open().await;
    let boss = office.boss().await;
    let accounts = boss.accounts();
    let website = |host: &str| format!("https://{host}").parse().unwrap();
    let new = NewAccount { website: Some(website("analytical.example")), ..company("Analytical") };
    let account = accounts.create(new).await.unwrap();
    accounts.remove_domain(account.id, "analytical.example".parse().unwrap()).await.unwrap();
    let rename = AccountPatch { name: Some("Engines".parse().unwrap()), ..AccountPatch::default() };
    let account = accounts.change(account.id, account.version, rename).await.unwrap();
    assert!(accounts.domains(account.id).await.unwrap().is_empty());
    let move_out = AccountPatch { website: Patch::Set(website("engines.example")), ..AccountPatch::default() };
    let account = accounts.change(account.id, account.version, move_out).await.unwrap();
    assert_eq!(accounts.domains(account.id).await.unwrap(), BTreeSet::from_iter(domains(&["engines.example"])));
}

#[tokio::test]
async fn an_account_that_others_need_stays() {
    let office = Office::open().await;
    let boss = office.boss().await;
    let parent = boss.accounts().create(company("Holding")).await.unwrap();
    let child = boss.accounts().create(NewAccount { parent_id: Some(parent.id), ..company("Branch") }).await.unwrap();
    let refused = boss.accounts().delete(parent.id, parent.version).await.unwrap_err();
    assert_eq!(refused.code(), "record.still_referenced");
    boss.accounts().delete(child.id, child.version).await.unwrap();
    let contact = boss.contacts().create(NewContact { account_id: Some(parent.id), ..ada() }).await.unwrap();
    assert!(boss.accounts().delete(parent.id, parent.version).await.is_err());
    boss.contacts().delete(contact.id, contact.version).await.unwrap();
    boss.accounts().delete(parent.id, parent.version).await.unwrap();
}

#[tokio::test]
async fn a_sales_rep_sees_own_people_and_companies_only_and_no_neighbour_any() {
    let office = Office::open().await;
    let rep = office.hire("rita", StandardRole::SalesRep).await;
    let boss = office.boss().await;
    let own = boss.contacts().create(NewContact { owner_id: Some(rep), ..ada() }).await.unwrap();
    let other = boss.contacts().create(NewContact { owner_id: Some(office.owner), ..ada() }).await.unwrap();
    let account = boss.accounts().create(company("Analytical")).await.unwrap();
    let session = office.session_of(rep).await;
    let seen: Vec<Stored<Contact>> = session.contacts().list(&Predicate::everything(), &Page::first(9)).await.unwrap();
    assert_eq!(seen.iter().map(|contact| contact.id).collect::<Vec<_>>(), [own.id]);
    assert_eq!(session.contacts().points(other.id).await.unwrap_err().code(), "record.not_found");
    assert_eq!(session.accounts().get(account.id).await.unwrap_err().code(), "record.not_found");
    let neighbour = office.neighbour("neighbour").await.boss().await;
    assert_eq!(neighbour.contacts().get(own.id).await.unwrap_err().code(), "record.not_found");
    assert_eq!(neighbour.accounts().domains(account.id).await.unwrap_err().code(), "record.not_found");
    assert_eq!(neighbour.accounts().place(account.id, None).await.unwrap_err().code(), "record.not_found");
    let foreign = NewContact { account_id: Some(account.id), ..ada() };
    assert_eq!(neighbour.contacts().create(foreign).await.unwrap_err().code(), "record.missing_reference");
}

#[tokio::test]
async fn an_address_that_bounces_is_marked_and_can_work_again() {
    let office = Office::open().await;
    let boss = office.boss().await;
    let contacts = boss.contacts();
    let id = contacts.create(ada()).await.unwrap().id;
    let value = PointValue::Email("ada@engine.example".parse().unwrap());
    let point = contacts.add_point(id, NewContactPoint { value, label: None }).await.unwrap();
    for invalid in [true, true, false] {
        contacts.mark_invalid(id, point.id, invalid).await.unwrap();
        let points = contacts.points(id).await.unwrap();
        let marked = points.iter().find(|one| one.id == point.id).unwrap();
        assert_eq!((marked.invalid, marked.opted_out), (invalid, false));
    }
    let said = office.events_of(id.uuid());
    assert_eq!(said.iter().filter(|name| *name == "contact.marked_invalid").count(), 2, "saying it again says nothing");
    let nobody = crate::kernel::Id::new(uuid::Uuid::nil());
    assert_eq!(contacts.mark_invalid(id, nobody, true).await.unwrap_err().code(), "record.not_found");
}

#[tokio::test]
async fn contacts_are_found_by_the_new_name_of_their_account() {
    let office = Office::open().await;
    let boss = office.boss().await;
    let account = boss.accounts().create(company("Analytical Engines")).await.unwrap();
    let new = NewContact { last_name: Some("Lovelace".parse().unwrap()), account_id: Some(account.id), ..ada() };
    let contact = boss.contacts().create(new).await.unwrap();
    let record = RecordRef::new(RecordKind::Contact, contact.id);
    let filed =
        || office.keys_of(record).into_iter().filter(|key| key.starts_with("name-company:")).collect::<Vec<_>>();
    let before = filed();
    assert!(!before.is_empty());
    let renamed = AccountPatch { name: Some("Difference Machines".parse().unwrap()), ..AccountPatch::default() };
    boss.accounts().change(account.id, account.version, renamed).await.unwrap();
    assert_eq!(filed(), before, "that is done by a worker");
    let run = office.crm.run_due("worker", 10).await.unwrap();
    assert!(run.done > 0 && run.troubles.is_empty(), "{run:?}");
    let after = filed();
    assert!(!after.is_empty() && after.iter().all(|key| !before.contains(key)), "{before:?} {after:?}");
}
