//! The two interpreters of predicates agree, and pages follow one another without gap or double.

use crm_core::kernel::{Page, Predicate, Stored, Tag};
use crm_core::store::{Records, StoreError};
use proptest::prelude::Strategy;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::database::{commit, organization, read, write};
use crate::specimen::{Specimen, database, orders, predicates, specimens};

const ROWS: usize = 60;
const TREES: usize = 1_500;

fn some<S: Strategy>(strategy: &S, runner: &mut TestRunner) -> S::Value {
    strategy.new_tree(runner).unwrap().current()
}

/// The first condition on which the two interpreters differ, and how many conditions told rows apart at all.
async fn disagreements(sabotage: &str) -> (Option<String>, usize) {
    let database = database().await;
    let store = database.store().await;
    let organization = organization(&store).await;
    let mut runner = TestRunner::default();
    let rows: Vec<Stored<Specimen>> = (0..ROWS).map(|_| some(&specimens(), &mut runner)).collect();
    let mut tx = write(&store, organization).await;
    tx.insert(&rows).await.unwrap();
    commit(tx).await;
    database.admin(sabotage).await;
    let mut tx = read(&store, organization).await;
    let mut telling = 0;
    for _ in 0..TREES {
        let predicate = some(&predicates(), &mut runner);
        let expected: Vec<_> = rows.iter().filter(|row| predicate.matches(row)).map(|row| row.id).collect();
        let found = tx.list(&predicate, &Page::first(1_000)).await;
        let found: Vec<_> =
            found.unwrap_or_else(|error| panic!("{predicate:?}: {error:?}")).iter().map(|row| row.id).collect();
        telling += usize::from(!expected.is_empty() && expected.len() < ROWS);
        if found != expected {
            return (Some(format!("{predicate:?}: {found:?} instead of {expected:?}")), telling);
        }
    }
    (None, telling)
}

#[tokio::test]
async fn sql_and_rust_agree_on_every_condition() {
    let (different, telling) = disagreements("").await;
    assert_eq!(different, None);
    println!("{TREES} conditions on {ROWS} rows agree, {telling} of them neither all nor none");
    assert!(telling > TREES / 5, "{telling}");
}

#[tokio::test]
async fn what_makes_sql_differ_from_rust_is_noticed() {
    let sabotages = [
        "alter table crm.specimen alter \"order\" type text collate \"en-US-x-icu\"",
        "update crm.term set name = 'label' where name = 'tag'",
        "update crm.term set integer_value = integer_value + 1 where integer_value is not null",
        "update crm.specimen set flag = false where flag is null",
    ];
    for sabotage in sabotages {
        let (different, _) = disagreements(sabotage).await;
        assert!(different.is_some(), "{sabotage}");
    }
}

#[tokio::test]
async fn pages_in_any_order_join_without_gap_or_double() {
    let database = database().await;
    let store = database.store().await;
    let organization = organization(&store).await;
    let mut runner = TestRunner::default();
    let rows: Vec<Stored<Specimen>> = (0..ROWS).map(|_| some(&specimens(), &mut runner)).collect();
    let mut tx = write(&store, organization).await;
    tx.insert(&rows).await.unwrap();
    commit(tx).await;
    let mut tx = read(&store, organization).await;
    for _ in 0..40 {
        let (field, direction) = some(&orders(), &mut runner);
        let mut page = Page::ordered(field, direction, 7).unwrap();
        let mut seen = Vec::new();
        loop {
            let part = tx.list(&Predicate::everything(), &page).await.unwrap();
            let Some(last) = part.last() else { break };
            page = page.following(last);
            seen.extend(part);
        }
        let mut expected = rows.clone();
        expected.sort_by_key(|row| ((field.read)(row).to_value(), row.id));
        if direction == crm_core::kernel::Direction::Descending {
            expected.reverse();
        }
        assert_eq!(seen, expected, "{field:?} {direction:?}");
    }
}

#[tokio::test]
async fn terms_follow_the_record_through_its_life() {
    let database = database().await;
    let store = database.store().await;
    let organization = organization(&store).await;
    let mut runner = TestRunner::default();
    let red = Tag::try_from("red".to_owned()).unwrap();
    let blue = Tag::try_from("blue".to_owned()).unwrap();
    let mut row = some(&specimens(), &mut runner);
    row.value.tags = vec![red.clone()];
    let mut tx = write(&store, organization).await;
    tx.insert(std::slice::from_ref(&row)).await.unwrap();
    commit(tx).await;
    let having = async |tag: &Tag| {
        let mut tx = read(&store, organization).await;
        tx.list(&Specimen::TAGS.has(tag), &Page::first(10)).await.unwrap().len()
    };
    assert_eq!((having(&red).await, having(&blue).await), (1, 0));
    // Saved without having been read in this transaction, and again after reading.
    for (tags, expected) in [(vec![blue.clone()], (0, 1)), (vec![blue.clone(), red.clone()], (1, 1))] {
        row = crate::database::next(&row, |value| value.tags = tags);
        let mut tx = write(&store, organization).await;
        if expected == (1, 1) {
            tx.find(row.id).await.unwrap();
        }
        tx.update(&row).await.unwrap();
        commit(tx).await;
        assert_eq!((having(&red).await, having(&blue).await), expected);
    }
    let mut tx = write(&store, organization).await;
    assert!(matches!(
        Records::<Specimen>::delete(&mut tx, row.id, row.version - 1).await,
        Err(StoreError::Conflict { .. })
    ));
    let mut tx = write(&store, organization).await;
    Records::<Specimen>::delete(&mut tx, row.id, row.version).await.unwrap();
    commit(tx).await;
    let mut connection = database.admin_connection().await;
    let left: i64 = sqlx::query_scalar("select count(*) from crm.term").fetch_one(&mut connection).await.unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn saving_unchanged_terms_writes_none() {
    let database = database().await;
    let store = database.store().await;
    let organization = organization(&store).await;
    let mut row = some(&specimens(), &mut TestRunner::default());
    row.value.tags = vec![Tag::try_from("red".to_owned()).unwrap()];
    let mut tx = write(&store, organization).await;
    tx.insert(std::slice::from_ref(&row)).await.unwrap();
    commit(tx).await;
    // Any write of terms fails from now on.
    database.admin("revoke insert, delete on crm.term from crm_app").await;
    let mut tx = write(&store, organization).await;
    let read = Records::<Specimen>::find(&mut tx, row.id).await.unwrap().unwrap();
    let once = crate::database::next(&read, |value| value.size = 7);
    tx.update(&once).await.unwrap();
    let twice = crate::database::next(&once, |value| value.size = 8);
    tx.update(&twice).await.unwrap();
    let changed = crate::database::next(&twice, |value| value.tags = Vec::new());
    assert!(matches!(tx.update(&changed).await, Err(StoreError::Fault(_))));
}
