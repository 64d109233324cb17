use std::collections::BTreeMap;

use crate::access::{OrganizationEvent, Permission};
use crate::custom_field::{CustomField, CustomFieldEvent, CustomType, NewCustomField};
use crate::identity::RecordKind;
use crate::store::Session;
use crate::testing::ObservedStore;
use crate::testing::office::Office;

fn field(key: &str) -> NewCustomField {
    NewCustomField {
        record_kind: RecordKind::Lead,
        key: key.parse().unwrap(),
        label: "A field".parse().unwrap(),
        holds: CustomType::Bool,
        required: false,
        unique: false,
        filterable: false,
    }
}

async fn keys(session: &Session) -> Vec<String> {
    let mut uow = session.begin(Permission::CustomFieldRead).await.unwrap();
    uow.setup::<CustomField>().await.unwrap().iter().map(|row| row.key.to_string()).collect()
}

#[tokio::test]
async fn what_is_set_up_is_read_once_until_it_changes() {
    let mut observed = None;
    let office = Office::behind(|store| {
        let store = ObservedStore::new(store.clone());
        observed = Some(store.clone());
        store
    })
    .await;
    let (observed, boss) = (observed.unwrap(), office.boss().await);
    let lists =
        || observed.take_asked().into_iter().filter(|((verb, _), _)| *verb == "list").collect::<BTreeMap<_, _>>();
    boss.custom_fields().create(field("one")).await.unwrap();
    assert_eq!(keys(&boss).await, ["one"]);
    lists();
    assert_eq!(keys(&office.boss().await).await, ["one"]);
    assert!(!lists().contains_key(&("list", "custom_field")), "nothing has changed since");
    boss.custom_fields().create(field("two")).await.unwrap();
    assert_eq!(keys(&boss).await, ["one", "two"]);
}

#[tokio::test]
async fn another_process_sees_what_one_has_set_up() {
    let office = Office::open().await;
    let elsewhere = crate::crm::Crm::new(
        office.store.clone(),
        crate::testing::ManualClock::default(),
        crate::testing::SequentialIds::counting_from(1 << 40),
    );
    let there = elsewhere.session(elsewhere.caller(office.organization, office.owner).await.unwrap());
    assert!(keys(&there).await.is_empty());
    office.boss().await.custom_fields().create(field("one")).await.unwrap();
    assert_eq!(keys(&there).await, ["one"]);
}

#[tokio::test]
async fn what_was_never_committed_is_remembered_by_nobody() {
    let office = Office::open().await;
    let boss = office.boss().await;
    assert!(keys(&boss).await.is_empty());
    let mut uow = boss.begin(Permission::CustomFieldConfigure).await.unwrap();
    let row = CustomField::new(field("one")).unwrap();
    uow.insert(row, CustomFieldEvent::Created).await.unwrap();
    assert_eq!(uow.setup::<CustomField>().await.unwrap().len(), 1, "a transaction sees what it wrote");
    drop(uow);
    assert!(keys(&boss).await.is_empty());
    boss.custom_fields().create(field("two")).await.unwrap();
    assert_eq!(keys(&boss).await, ["two"]);
}

#[tokio::test]
async fn organizations_share_nothing() {
    let office = Office::open().await;
    let other = office.neighbour("other").await;
    office.boss().await.custom_fields().create(field("one")).await.unwrap();
    assert_eq!(keys(&office.boss().await).await, ["one"]);
    assert!(keys(&other.boss().await).await.is_empty());
}

#[tokio::test]
async fn a_change_of_the_set_up_raises_the_version_of_the_organization_once() {
    let office = Office::open().await;
    let boss = office.boss().await;
    let before = boss.organization().get().await.unwrap().version;
    boss.custom_fields().create(field("one")).await.unwrap();
    assert_eq!(boss.organization().get().await.unwrap().version, before + 1);
    office.lead(crate::testing::office::named("Lovelace")).await;
    assert_eq!(boss.organization().get().await.unwrap().version, before + 1, "a lead is no set-up");
}

#[tokio::test]
async fn a_transaction_that_renames_its_organization_keeps_nothing_under_a_version_that_may_never_be() {
    let office = Office::open().await;
    let boss = office.boss().await;
    let mut uow = boss.begin(Permission::OrganizationConfigure).await.unwrap();
    let mut row = uow.own_organization().await.unwrap();
    row.value.name = "Another".parse().unwrap();
    uow.save(row, OrganizationEvent::Changed).await.unwrap();
    assert!(uow.setup::<CustomField>().await.unwrap().is_empty());
    drop(uow);
    // Takes the version that the transaction above would have made.
    boss.custom_fields().create(field("one")).await.unwrap();
    assert_eq!(keys(&boss).await, ["one"]);
}
