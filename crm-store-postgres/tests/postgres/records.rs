//! Records come back as they went, versions guard them, keys and references are enforced.

use std::sync::Arc;
use std::time::Duration;

use crm_core::access::{CustomRole, OrganizationId, PermissionSet, RoleReach, Slug, Team, TeamMember};
use crm_core::kernel::{Id, Page, Predicate, Stored};
use crm_core::lead::{Lead, NewLead};
use crm_core::store::{Records, Store, StoreError, Tx};
use proptest::prelude::Strategy;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::database::{added, commit, founded, fresh_id, next, organization, read, row, write};
use crate::specimen::{Specimen, database, specimens};

pub(crate) fn team(name: &str) -> Stored<Team> {
    row(Team { name: name.try_into().unwrap(), parent_id: None })
}

#[tokio::test]
async fn values_come_back_exactly_as_they_went() {
    let database = database().await;
    let store = database.store().await;
    let organization = organization(&store).await;
    let mut runner = TestRunner::default();
    let strategy = specimens();
    // Full statements, a part of one, and single rows.
    let mut rows: Vec<Stored<Specimen>> =
        (0..1_250).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect();
    rows.sort_by_key(|row| row.id);
    let mut tx = write(&store, organization).await;
    tx.insert(&rows[..1_247]).await.unwrap();
    for row in &rows[1_247..] {
        tx.insert(std::slice::from_ref(row)).await.unwrap();
    }
    commit(tx).await;
    let mut tx = write(&store, organization).await;
    let mut found = Vec::new();
    let mut page = Page::first(1_000);
    while found.len() < rows.len() {
        let part = tx.list(&Predicate::everything(), &page).await.unwrap();
        page = page.following(part.last().unwrap());
        found.extend(part);
    }
    assert_eq!(found, rows);
    // And through an update.
    for (row, other) in rows.iter().zip(rows.iter().rev()).take(200) {
        let changed = next(row, |value| *value = other.value.clone());
        tx.update(&changed).await.unwrap();
        assert_eq!(tx.find(row.id).await.unwrap().as_ref(), Some(&changed));
    }
    commit(tx).await;
}

#[tokio::test]
async fn a_stale_version_is_a_conflict() {
    let (_database, store, organization) = founded().await;
    let first = team("one");
    let mut tx = write(&store, organization).await;
    tx.insert(std::slice::from_ref(&first)).await.unwrap();
    commit(tx).await;
    let mut mine = write(&store, organization).await;
    let mut theirs = write(&store, organization).await;
    theirs.update(&next(&first, |team| team.name = "theirs".try_into().unwrap())).await.unwrap();
    commit(theirs).await;
    let late = mine.update(&next(&first, |team| team.name = "mine".try_into().unwrap())).await;
    assert!(matches!(late, Err(StoreError::Conflict { entity: "team" })), "{late:?}");
    let after = Records::<Team>::find(&mut mine, first.id).await;
    assert!(matches!(after, Err(StoreError::Fault(_))), "a conflict ends its transaction: {after:?}");
    let mut mine = write(&store, organization).await;
    let late = Records::<Team>::delete(&mut mine, first.id, 1).await;
    assert!(matches!(late, Err(StoreError::Conflict { entity: "team" })), "{late:?}");
}

#[tokio::test]
async fn what_is_not_committed_is_not_there() {
    let (_database, store, organization) = founded().await;
    let team = team("one");
    let mut tx = write(&store, organization).await;
    tx.insert(std::slice::from_ref(&team)).await.unwrap();
    assert!(Records::<Team>::find(&mut tx, team.id).await.unwrap().is_some());
    drop(tx);
    let mut tx = read(&store, organization).await;
    assert!(Records::<Team>::find(&mut tx, team.id).await.unwrap().is_none());
}

#[tokio::test]
async fn keys_and_references_are_refused_by_name() {
    let (_database, store, organization) = founded().await;
    let (one, other) = (team("one"), team("other"));
    let mut tx = write(&store, organization).await;
    tx.insert(&[one.clone(), other.clone()]).await.unwrap();
    commit(tx).await;

    let tx = write(&store, organization).await;
    let refused = added(tx, &[team("one")]).await;
    assert!(matches!(refused, Err(StoreError::Duplicate { entity: "team", key: "name" })), "{refused:?}");
    let tx = write(&store, organization).await;
    let refused = added(tx, &[Stored { id: one.id, ..team("new") }]).await;
    assert!(matches!(refused, Err(StoreError::Duplicate { entity: "team", key: "id" })), "{refused:?}");
    let mut tx = write(&store, organization).await;
    let refused = tx.update(&next(&other, |team| team.name = "one".try_into().unwrap())).await;
    assert!(matches!(refused, Err(StoreError::Duplicate { entity: "team", key: "name" })), "{refused:?}");

    let mut tx = write(&store, organization).await;
    let refused = tx.update(&next(&one, |team| team.parent_id = Some(fresh_id()))).await;
    let missing =
        matches!(refused, Err(StoreError::MissingReference { entity: "team", column: "parent_id", target: "team" }));
    assert!(missing, "{refused:?}");

    let mut tx = write(&store, organization).await;
    tx.update(&next(&one, |team| team.parent_id = Some(other.id))).await.unwrap();
    let refused = Records::<Team>::delete(&mut tx, other.id, 1).await;
    assert!(matches!(refused, Err(StoreError::StillReferenced { entity: "team", by: "team" })), "{refused:?}");
}

/// Terms are in the same statement as their record, and may be refused first.
#[tokio::test]
async fn an_identifier_that_is_taken_is_refused_by_name_for_records_with_tags_too() {
    let (_database, store, organization) = founded().await;
    let one = lead_with_tags();
    let twice = added(write(&store, organization).await, &[one.clone(), one.clone()]).await;
    assert!(matches!(twice, Err(StoreError::Duplicate { entity: "lead", key: "id" })), "{twice:?}");
    added(write(&store, organization).await, std::slice::from_ref(&one)).await.unwrap();
    let again = added(write(&store, organization).await, &[one]).await;
    assert!(matches!(again, Err(StoreError::Duplicate { entity: "lead", key: "id" })), "{again:?}");
}

fn lead_with_tags() -> Stored<Lead> {
    let new = NewLead {
        last_name: Some("Lovelace".parse().unwrap()),
        tags: ["one", "two"].into_iter().map(|tag| tag.parse().unwrap()).collect(),
        ..NewLead::default()
    };
    row(Lead::new(new).unwrap())
}

#[tokio::test]
async fn a_refused_transaction_can_only_be_dropped() {
    let (_database, store, organization) = founded().await;
    let mut tx = write(&store, organization).await;
    tx.insert(&[team("one")]).await.unwrap();
    tx.insert(&[team("one")]).await.unwrap();
    // What was added waits until something is asked.
    let refused = Records::<Team>::find(&mut tx, fresh_id()).await;
    assert!(matches!(refused, Err(StoreError::Duplicate { .. })), "{refused:?}");
    let after = Records::<Team>::find(&mut tx, fresh_id()).await;
    assert!(matches!(after, Err(StoreError::Fault(_))), "{after:?}");
    // PostgreSQL itself would answer this commit with a rollback that nobody notices.
    let commit = Box::new(tx).commit().await;
    assert!(matches!(commit, Err(StoreError::Fault(_))), "{commit:?}");
    let mut tx = read(&store, organization).await;
    assert!(Records::<Team>::list(&mut tx, &Predicate::everything(), &Page::first(9)).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_record_without_its_organization_is_refused() {
    let (_database, store, _) = founded().await;
    let tx = write(&store, fresh_id()).await;
    let refused = added(tx, &[team("one")]).await;
    let missing =
        matches!(refused, Err(StoreError::MissingReference { column: "organization_id", target: "organization", .. }));
    assert!(missing, "{refused:?}");
}

#[tokio::test]
async fn a_reading_transaction_cannot_write() {
    let (_database, store, organization) = founded().await;
    let mut tx = read(&store, organization).await;
    assert!(matches!(tx.insert(&[team("one")]).await, Err(StoreError::Fault(_))));
}

#[tokio::test]
async fn locks_make_writers_wait_for_each_other() {
    let (_database, store, organization) = founded().await;
    let counter = team("0");
    let mut tx = write(&store, organization).await;
    tx.insert(std::slice::from_ref(&counter)).await.unwrap();
    commit(tx).await;
    let mut tasks = Vec::new();
    for _ in 0..2 {
        let store = Arc::clone(&store);
        let id = counter.id;
        tasks.push(tokio::spawn(async move {
            for _ in 0..50 {
                let mut tx = write(&store, organization).await;
                let seen = Records::<Team>::lock(&mut tx, id).await.unwrap().unwrap();
                let count: u32 = seen.name.as_str().parse().unwrap();
                tokio::task::yield_now().await;
                tx.update(&next(&seen, |team| team.name = (count + 1).to_string().try_into().unwrap())).await.unwrap();
                commit(tx).await;
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let mut tx = read(&store, organization).await;
    let end = Records::<Team>::find(&mut tx, counter.id).await.unwrap().unwrap();
    assert_eq!((end.name.as_str(), end.version), ("100", 101));
}

#[tokio::test]
async fn children_can_be_added_to_a_locked_parent() {
    let (_database, store, organization) = founded().await;
    let parent = team("parent");
    let mut tx = write(&store, organization).await;
    tx.insert(std::slice::from_ref(&parent)).await.unwrap();
    commit(tx).await;
    let mut holder = write(&store, organization).await;
    Records::<Team>::lock(&mut holder, parent.id).await.unwrap();
    let other = write(&store, organization).await;
    let mut child = team("child");
    child.value.parent_id = Some(parent.id);
    let outcome = tokio::time::timeout(Duration::from_secs(3), added(other, &[child])).await;
    outcome.expect("it waits for the lock").unwrap();
}

#[tokio::test]
async fn a_slug_belongs_to_one_organization() {
    let (_database, store, organization) = founded().await;
    let slug = Slug::try_from("acme".to_owned()).unwrap();
    let mut tx = write(&store, organization).await;
    tx.claim_slug(&slug, organization).await.unwrap();
    tx.claim_slug(&slug, organization).await.unwrap();
    commit(tx).await;
    assert_eq!(store.organization_by_slug(&slug).await.unwrap(), Some(organization));
    let other: OrganizationId = fresh_id();
    let mut tx = write(&store, other).await;
    let taken = tx.claim_slug(&slug, other).await;
    assert!(matches!(taken, Err(StoreError::SlugTaken(_))), "{taken:?}");
    let unknown = Slug::try_from("unknown".to_owned()).unwrap();
    assert_eq!(store.organization_by_slug(&unknown).await.unwrap(), None);
    // Nobody can take a slug in another's name.
    let mut tx = write(&store, other).await;
    assert!(matches!(tx.claim_slug(&unknown, organization).await, Err(StoreError::Fault(_))));
}

#[tokio::test]
async fn lists_and_enums_and_pairs_have_their_columns() {
    let (_database, store, organization) = founded().await;
    let role = row(CustomRole {
        name: "Partner".try_into().unwrap(),
        permissions: PermissionSet::reading(),
        reach: RoleReach::Subtree,
    });
    let mut tx = write(&store, organization).await;
    tx.insert(std::slice::from_ref(&role)).await.unwrap();
    assert_eq!(tx.find(role.id).await.unwrap(), Some(role));
    let team = team("one");
    tx.insert(std::slice::from_ref(&team)).await.unwrap();
    let pair = row(TeamMember { team_id: team.id, member_id: Id::new(team.id.uuid()) });
    let refused = added(tx, &[pair]).await;
    let missing = matches!(refused, Err(StoreError::MissingReference { column: "member_id", target: "member", .. }));
    assert!(missing, "{refused:?}");
}
