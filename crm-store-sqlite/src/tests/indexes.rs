//! The statements that are sent are answered from an index.

use crm_core::access::{Intent, Member, Team};
use crm_core::agenda::Job;
use crm_core::identity::MatchKey;
use crm_core::kernel::{Direction, Entity, Field, Id, Page, Predicate, Stored, Test, Timestamp, Value};
use crm_core::lead::{Lead, LeadStatus};
use crm_core::store::{Records, Tx};
use crm_core::testing::office::named;
use uuid::Uuid;

use super::{Folder, organization};
use crate::SqliteStore;
use crate::along::FEW;

/// How SQLite would answer a list.
async fn plan<E: Entity>(store: &SqliteStore, filter: &Predicate<E>, page: &Page<E>) -> String {
    let mut tx = store.transaction(organization(), Intent::Read).await.unwrap();
    let records = tx.records();
    let along = records.reads_along(filter, page).await.unwrap();
    let sql = records.list_statement(filter, page, along);
    let rows: Vec<(i64, i64, i64, String)> = sql.explained().fetch_all(records.connection()).await.unwrap();
    rows.into_iter().map(|(_, _, _, detail)| detail).collect::<Vec<_>>().join(" | ")
}

fn ordered<E: Entity>(order: Field<E>, direction: Direction) -> Page<E> {
    Page::ordered(order, direction, 50).unwrap()
}

#[tokio::test]
async fn lists_seek_and_do_not_sort() {
    let folder = Folder::new();
    let store = SqliteStore::open(folder.file()).await.unwrap();
    let first = Page::first(50);
    let by_score = ordered(Lead::SCORE.field(), Direction::Descending);
    let cursor = crm_core::kernel::Cursor { value: Value::Integer(5), id: Uuid::nil() };
    let next = by_score.clone().after(cursor).unwrap();
    let owner: Id<Member> = Id::new(Uuid::nil());
    let qualified = Lead::STATUS.is("qualified");

    let plans = [
        ("by identifier", plan(&store, &Predicate::everything(), &first).await, "PRIMARY KEY"),
        ("an owner's", plan(&store, &Lead::OWNER_ID.is(owner), &first).await, "lead_by_owner_id"),
        ("of owners", plan(&store, &Lead::OWNER_ID.is_one_of([owner, owner]), &first).await, "lead_by_owner_id"),
        ("by score", plan(&store, &Predicate::everything(), &by_score).await, "lead_by_score"),
        ("by score, further on", plan(&store, &Predicate::everything(), &next).await, "lead_by_score"),
        (
            "of a state and an owner",
            plan(&store, &Lead::OWNER_ID.is(owner).and(qualified), &first).await,
            "by_owner_id",
        ),
        (
            "with a tag",
            plan(&store, &Lead::TAGS.has(&"vip".parse().unwrap()), &first).await,
            "SEARCH term USING PRIMARY KEY",
        ),
        (
            "with a custom value",
            plan(&store, &Lead::CUSTOM.value("k", Test::AtLeast(Value::Integer(5))), &first).await,
            "SEARCH term USING PRIMARY KEY",
        ),
        (
            "due jobs",
            plan(&store, &Job::DUE_AT.at_most(Timestamp::MAX), &ordered(Job::DUE_AT.field(), Direction::Ascending))
                .await,
            "job_by_due_at",
        ),
    ];
    for (what, plan, index) in &plans {
        assert!(plan.contains(index), "{what}: {plan}");
        assert!(!plan.contains("SCAN record"), "{what}: {plan}");
    }
    for (what, plan, _) in plans.iter().filter(|(what, ..)| *what != "of owners") {
        // What several owners have is sorted: it lies in several places of the index.
        assert!(!plan.contains("TEMP B-TREE FOR ORDER BY"), "{what}: {plan}");
    }
    // The next page begins at its place in the index rather than at the start of the organization.
    let (_, next, _) = &plans[4];
    assert!(next.contains("entity=? AND <expr><?"), "{next}");
}

/// Stores so many leads of a state.
async fn fill(store: &SqliteStore, count: u32, status: LeadStatus, ids: &mut u128) {
    let mut value = Lead::new(named("Lovelace")).unwrap();
    value.status = status;
    let now = Timestamp::from_micros(1).unwrap();
    let lead = |id: u128| Stored {
        id: Id::new(Uuid::from_u128(id)),
        version: 1,
        created_at: now,
        updated_at: now,
        value: value.clone(),
    };
    let first = *ids;
    *ids += u128::from(count);
    let mut tx = store.transaction(organization(), Intent::Write).await.unwrap();
    Records::<Lead>::insert(&mut tx, &(first..*ids).map(lead).collect::<Vec<_>>()).await.unwrap();
    Box::new(tx).commit().await.unwrap();
}

#[tokio::test]
async fn many_of_a_state_are_read_in_their_order_and_few_are_sorted() {
    let folder = Folder::new();
    let store = SqliteStore::open(folder.file()).await.unwrap();
    let mut ids = 1;
    fill(&store, FEW, LeadStatus::New, &mut ids).await;
    fill(&store, FEW - 1, LeadStatus::Qualified, &mut ids).await;
    let by_score = ordered(Lead::SCORE.field(), Direction::Descending);
    let owner: Id<Member> = Id::new(Uuid::nil());

    let many = plan(&store, &Lead::STATUS.is("new"), &by_score).await;
    assert!(many.contains("lead_by_score") && !many.contains("TEMP B-TREE FOR ORDER BY"), "{many}");
    let few = plan(&store, &Lead::STATUS.is("qualified"), &by_score).await;
    assert!(few.contains("lead_by_status") && few.contains("TEMP B-TREE FOR ORDER BY"), "{few}");
    // Whoever asks for more than states is looked up by that, however many have the state.
    let of_one = plan(&store, &Lead::OWNER_ID.is(owner).and(Lead::STATUS.is("new")), &by_score).await;
    assert!(of_one.contains("lead_by_owner_id"), "{of_one}");
}

#[tokio::test]
async fn whoever_is_known_by_a_key_is_looked_up() {
    let folder = Folder::new();
    let store = SqliteStore::open(folder.file()).await.unwrap();
    // As duplicates are looked for: reading the organization's keys in their order would save sorting, and take seconds.
    let accounts = MatchKey::RECORD_KIND.is("account");
    let held = MatchKey::KEY.is_one_of(["email:ada@example.com", "domain:example.com"]);
    let held = held.and(accounts.or(MatchKey::KEY.starts_with("domain:").negated()));
    let plan = plan(&store, &held, &Page::first(1_000)).await;
    assert!(plan.contains("match_key_by_key"), "{plan}");
}

#[tokio::test]
async fn a_field_without_an_index_is_told_apart() {
    // The control: the words that the test above forbids do appear when there is no index.
    let folder = Folder::new();
    let store = SqliteStore::open(folder.file()).await.unwrap();
    let plan = plan(&store, &Predicate::everything(), &ordered(Team::NAME_FIELD.field(), Direction::Ascending)).await;
    assert!(plan.contains("TEMP B-TREE FOR ORDER BY"), "{plan}");
}
