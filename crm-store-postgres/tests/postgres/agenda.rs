//! Due work is done once, by whoever holds the lease.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use crm_core::agenda::{Claim, Job, JobState};
use crm_core::kernel::{Page, Predicate, Stored, Timestamp};
use crm_core::store::{Agenda, Records, Store, StoreError};
use serde_json::json;

use crate::database::{added, at, commit, founded, next, organization, read, row, write};

fn job(due: i64) -> Stored<Job> {
    row(Job::at(at(due), "test.run", json!({ "n": due })))
}

fn claim(worker: &str, now: Timestamp, limit: u32) -> Claim {
    Claim { worker: worker.to_owned(), now, lease: Duration::from_secs(30), limit }
}

#[tokio::test]
async fn a_claim_leases_the_longest_due_first() {
    let (_database, store, organization) = founded().await;
    let mut dead = job(1);
    dead.value.state = JobState::Dead;
    let jobs = [job(30), job(10), job(20), job(99), dead];
    let mut tx = write(&store, organization).await;
    tx.insert(&jobs).await.unwrap();
    let taken = tx.claim(&claim("w", at(50), 2)).await.unwrap();
    assert_eq!(taken.iter().map(|job| job.id).collect::<Vec<_>>(), [jobs[1].id, jobs[2].id]);
    let expected = crm_core::agenda::leased(jobs[1].clone(), &claim("w", at(50), 2));
    assert_eq!(taken[0], expected);
    assert_eq!(tx.find(taken[0].id).await.unwrap(), Some(expected));
    assert_eq!(tx.claim(&claim("w", at(50), 9)).await.unwrap().len(), 1);
    assert!(tx.claim(&claim("w", at(50), 9)).await.unwrap().is_empty());
    commit(tx).await;
}

#[tokio::test]
async fn an_expired_lease_is_taken_over_and_the_old_token_refused() {
    let (_database, store, organization) = founded().await;
    let mut tx = write(&store, organization).await;
    tx.insert(&[job(0)]).await.unwrap();
    let first = tx.claim(&claim("first", at(0), 1)).await.unwrap().remove(0);
    commit(tx).await;
    let mut tx = write(&store, organization).await;
    let early = at(0).plus(Duration::from_secs(29));
    assert!(tx.claim(&claim("second", early, 1)).await.unwrap().is_empty());
    let late = at(0).plus(Duration::from_secs(30));
    let second = tx.claim(&claim("second", late, 1)).await.unwrap().remove(0);
    assert_eq!((second.id, second.token, second.attempts), (first.id, 2, 2));
    commit(tx).await;
    let mut tx = write(&store, organization).await;
    assert_eq!(tx.finish(&[(first.id, first.token)]).await.unwrap(), 0);
    let stale = next(&first, |job| job.fail("too slow", late, 500));
    assert!(matches!(tx.update(&stale).await, Err(StoreError::Conflict { entity: "job" })));
    let mut tx = write(&store, organization).await;
    assert_eq!(tx.finish(&[(second.id, second.token)]).await.unwrap(), 1);
    assert_eq!(tx.finish(&[(second.id, second.token)]).await.unwrap(), 0);
    commit(tx).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_workers_do_two_thousand_jobs_once_each() {
    let (_database, store, organization) = founded().await;
    let jobs: Vec<_> = (0..2_000).map(job).collect();
    let mut tx = write(&store, organization).await;
    tx.insert(&jobs).await.unwrap();
    commit(tx).await;
    let mut workers = Vec::new();
    for worker in 0..4 {
        let store = Arc::clone(&store);
        workers.push(tokio::spawn(async move {
            let mut done = Vec::new();
            loop {
                let mut tx = write(&store, organization).await;
                let taken = tx.claim(&claim(&worker.to_string(), at(1_000_000), 7)).await.unwrap();
                commit(tx).await;
                if taken.is_empty() {
                    return done;
                }
                let mut tx = write(&store, organization).await;
                let leases: Vec<_> = taken.iter().map(|job| (job.id, job.token)).collect();
                assert_eq!(tx.finish(&leases).await.unwrap(), leases.len());
                commit(tx).await;
                done.extend(taken.into_iter().map(|job| job.id));
            }
        }));
    }
    let mut by_worker = BTreeMap::new();
    for (worker, task) in workers.into_iter().enumerate() {
        by_worker.insert(worker, task.await.unwrap());
    }
    let all: Vec<_> = by_worker.values().flatten().copied().collect();
    let once: HashSet<_> = all.iter().copied().collect();
    assert_eq!((all.len(), once.len()), (2_000, 2_000));
    assert!(by_worker.values().filter(|done| !done.is_empty()).count() > 1, "one worker did everything");
    let mut tx = read(&store, organization).await;
    assert!(Records::<Job>::list(&mut tx, &Predicate::everything(), &Page::first(9)).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_worker_passes_over_what_another_is_claiming() {
    let (_database, store, organization) = founded().await;
    let mut tx = write(&store, organization).await;
    tx.insert(&[job(0), job(1)]).await.unwrap();
    commit(tx).await;
    let mut first = write(&store, organization).await;
    let mut second = write(&store, organization).await;
    let one = first.claim(&claim("first", at(9), 1)).await.unwrap();
    let other = second.claim(&claim("second", at(9), 5)).await.unwrap();
    assert_eq!((one.len(), other.len()), (1, 1));
    assert_ne!(one[0].id, other[0].id);
}

#[tokio::test]
async fn organizations_with_due_jobs_come_longest_waiting_first() {
    let (_database, store, one) = founded().await;
    let (two, three, idle) = (organization(&store).await, organization(&store).await, organization(&store).await);
    let mut dead = job(0);
    dead.value.state = JobState::Dead;
    for (organization, jobs) in
        [(one, vec![job(20), job(5)]), (two, vec![job(3)]), (three, vec![job(50)]), (idle, vec![dead])]
    {
        let mut tx = write(&store, organization).await;
        tx.insert(&jobs).await.unwrap();
        commit(tx).await;
    }
    assert_eq!(store.organizations_with_due_jobs(at(10), 9).await.unwrap(), [two, one]);
    assert_eq!(store.organizations_with_due_jobs(at(50), 9).await.unwrap(), [two, one, three]);
    assert_eq!(store.organizations_with_due_jobs(at(50), 1).await.unwrap(), [two]);
    assert!(store.organizations_with_due_jobs(at(0), 9).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_unique_job_waits_once() {
    let (_database, store, organization) = founded().await;
    let unique = || row(Job::at(at(0), "test.run", json!(null)).unique("daily"));
    let mut tx = write(&store, organization).await;
    tx.insert(&[unique(), job(1), job(2)]).await.unwrap();
    let refused = added(tx, &[unique()]).await;
    assert!(matches!(refused, Err(StoreError::Duplicate { entity: "job", key: "unique_key" })), "{refused:?}");
}
