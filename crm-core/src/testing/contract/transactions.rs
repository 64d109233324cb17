//! A transaction is kept as a whole or not at all, and sees its own writes.

use super::Check;
use super::bench::{Bench, Checked, lead, refused, same, team};
use crate::access::{Slug, Team};
use crate::agenda::{Claim, Job};
use crate::kernel::{Page, Predicate};
use crate::lead::Lead;
use crate::store::{Agenda, Records, Store};

pub(super) const CHECKS: &[Check] = &[
    Check::new("a_dropped_transaction_leaves_nothing", |store| Box::pin(a_dropped_transaction_leaves_nothing(store))),
    Check::new("a_transaction_sees_its_own_writes", |store| Box::pin(a_transaction_sees_its_own_writes(store))),
    Check::new("a_refused_transaction_keeps_nothing", |store| Box::pin(a_refused_transaction_keeps_nothing(store))),
    Check::new("a_reading_transaction_cannot_write", |store| Box::pin(a_reading_transaction_cannot_write(store))),
    Check::new("an_empty_transaction_commits", |store| Box::pin(an_empty_transaction_commits(store))),
];

async fn a_dropped_transaction_leaves_nothing(store: &dyn Store) -> Checked {
    let bench = Bench::new(store);
    let organization = bench.organization().await?;
    let (kept, gone) = (bench.row(team("kept", None)?), bench.row(team("gone", None)?));
    bench.put(organization, &[kept.clone(), gone.clone()]).await?;
    let mut tx = bench.write(organization).await?;
    let new = bench.row(team("new", Some(kept.id))?);
    Records::<Team>::insert(&mut *tx, std::slice::from_ref(&new)).await?;
    let renamed = bench.next(&kept, |team| team.parent_id = Some(new.id));
    Records::<Team>::update(&mut *tx, &renamed).await?;
    Records::<Team>::delete(&mut *tx, gone.id, gone.version).await?;
    drop(tx);
    same("the teams", &bench.all(organization).await?, &vec![kept, gone])?;
    // What the dropped transaction had taken is free: the key, and the identifier.
    bench.put(organization, &[new]).await?;
    Ok(())
}

async fn a_transaction_sees_its_own_writes(store: &dyn Store) -> Checked {
    let bench = Bench::new(store);
    let organization = bench.organization().await?;
    let (changed, gone) = (bench.row(lead(1, None)?), bench.row(lead(2, None)?));
    bench.put(organization, &[changed.clone(), gone.clone()]).await?;
    let mut tx = bench.write(organization).await?;
    let new = bench.row(lead(3, None)?);
    Records::<Lead>::insert(&mut *tx, std::slice::from_ref(&new)).await?;
    let changed = bench.next(&changed, |lead| lead.score = 30);
    Records::<Lead>::update(&mut *tx, &changed).await?;
    Records::<Lead>::delete(&mut *tx, gone.id, gone.version).await?;
    same("the new one", &Records::<Lead>::find(&mut *tx, new.id).await?.as_ref(), &Some(&new))?;
    same("the changed one", &Records::<Lead>::lock(&mut *tx, changed.id).await?.as_ref(), &Some(&changed))?;
    same("the removed one", &Records::<Lead>::find(&mut *tx, gone.id).await?, &None)?;
    let page = Page::first(10);
    let all = Records::<Lead>::list(&mut *tx, &Predicate::everything(), &page).await?;
    same("all of them", &all, &vec![changed.clone(), new.clone()])?;
    let high = Records::<Lead>::list(&mut *tx, &Lead::SCORE.at_least(3), &page).await?;
    same("those that match now", &high, &vec![changed.clone(), new.clone()])?;
    let low = Records::<Lead>::list(&mut *tx, &Lead::SCORE.below(3), &page).await?;
    same("those that matched before", &low, &Vec::new())?;
    // A new record may be changed and removed before it was ever kept.
    let newer = bench.next(&new, |lead| lead.score = 4);
    Records::<Lead>::update(&mut *tx, &newer).await?;
    Records::<Lead>::delete(&mut *tx, newer.id, newer.version).await?;
    tx.commit().await?;
    same("what was kept", &bench.all(organization).await?, &vec![changed])
}

async fn a_refused_transaction_keeps_nothing(store: &dyn Store) -> Checked {
    let bench = Bench::new(store);
    let organization = bench.organization().await?;
    let mut tx = bench.write(organization).await?;
    let row = bench.row(team("first", None)?);
    Records::<Team>::insert(&mut *tx, std::slice::from_ref(&row)).await?;
    let again = bench.row(team("first", None)?);
    let outcome = match Records::<Team>::insert(&mut *tx, &[again]).await {
        // What was added may wait until something else is asked.
        Ok(()) => Records::<Team>::find(&mut *tx, row.id).await.map(|_| ()),
        refused => refused,
    };
    refused("a taken key", outcome, "record.duplicate")?;
    super::bench::aborted(tx).await?;
    same("the teams", &bench.all::<Team>(organization).await?, &Vec::new())?;
    // The store itself goes on.
    bench.put_one(organization, team("first", None)?).await?;
    Ok(())
}

async fn a_reading_transaction_cannot_write(store: &dyn Store) -> Checked {
    let bench = Bench::new(store);
    let organization = bench.organization().await?;
    let row = bench.put_one(organization, team("first", None)?).await?;
    let (new, changed) = (bench.row(team("new", None)?), bench.next(&row, |_| ()));
    let fault = "store.fault";
    let mut tx = bench.read(organization).await?;
    refused("an insert", Records::<Team>::insert(&mut *tx, &[new]).await, fault)?;
    drop(tx);
    let mut tx = bench.read(organization).await?;
    refused("an update", Records::<Team>::update(&mut *tx, &changed).await, fault)?;
    drop(tx);
    let mut tx = bench.read(organization).await?;
    refused("a delete", Records::<Team>::delete(&mut *tx, row.id, row.version).await, fault)?;
    drop(tx);
    let mut tx = bench.read(organization).await?;
    refused("a lock", Records::<Team>::lock(&mut *tx, row.id).await, fault)?;
    drop(tx);
    let mut tx = bench.read(organization).await?;
    let slug = Slug::try_from("acme".to_owned())?;
    refused("a slug", tx.claim_slug(&slug, organization).await, fault)?;
    let claim = Claim { worker: "w".to_owned(), now: bench.now(), lease: std::time::Duration::from_secs(1), limit: 1 };
    drop(tx);
    let mut tx = bench.read(organization).await?;
    refused("a claim", Agenda::claim(&mut *tx, &claim).await, fault)?;
    drop(tx);
    same("the teams", &bench.all(organization).await?, &vec![row])?;
    same("the jobs", &bench.all::<Job>(organization).await?, &Vec::new())
}

async fn an_empty_transaction_commits(store: &dyn Store) -> Checked {
    let bench = Bench::new(store);
    let organization = bench.organization().await?;
    bench.write(organization).await?.commit().await?;
    let mut tx = bench.read(organization).await?;
    same("the teams", &Records::<Team>::list(&mut *tx, &Predicate::everything(), &Page::first(1)).await?, &Vec::new())?;
    tx.commit().await?;
    Ok(())
}
