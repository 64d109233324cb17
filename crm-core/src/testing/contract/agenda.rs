//! Due work: claimed once for the length of a lease, finished only by whoever holds the lease.

use std::time::Duration;

use serde_json::json;

use super::Check;
use super::bench::{Bench, Checked, same};
use super::together::{Task, together};
use crate::access::OrganizationId;
use crate::agenda::{Claim, Job, JobId, JobState};
use crate::kernel::{Stored, Timestamp};
use crate::store::{Agenda, Store, StoreError, StoreResult};
use crate::testing::give_way;

pub(super) const CHECKS: &[Check] = &[
    Check::new("due_jobs_are_claimed_the_longest_due_first", |store| {
        Box::pin(due_jobs_are_claimed_the_longest_due_first(store))
    }),
    Check::new("a_leased_job_is_claimed_again_only_after_its_lease", |store| {
        Box::pin(a_leased_job_is_claimed_again_only_after_its_lease(store))
    }),
    Check::new("a_job_is_finished_by_its_last_token_only", |store| {
        Box::pin(a_job_is_finished_by_its_last_token_only(store))
    }),
    Check::new("a_dead_job_is_left_alone", |store| Box::pin(a_dead_job_is_left_alone(store))),
    Check::new("jobs_are_claimed_within_the_organization", |store| {
        Box::pin(jobs_are_claimed_within_the_organization(store))
    }),
    Check::new("organizations_with_due_jobs_are_known", |store| Box::pin(organizations_with_due_jobs_are_known(store))),
    Check::new("racing_workers_share_the_jobs", |store| Box::pin(racing_workers_share_the_jobs(store))),
];

const LEASE: Duration = Duration::from_secs(30);

fn claim_at(now: Timestamp, limit: u32) -> Claim {
    Claim { worker: "worker".to_owned(), now, lease: LEASE, limit }
}

/// Claims in a transaction of its own.
async fn claimed(bench: &Bench<'_>, organization: OrganizationId, limit: u32) -> StoreResult<Vec<Stored<Job>>> {
    let mut tx = bench.write(organization).await?;
    let jobs = Agenda::claim(&mut *tx, &claim_at(bench.now(), limit)).await?;
    tx.commit().await?;
    Ok(jobs)
}

/// A job that was due this many seconds ago.
fn due(bench: &Bench<'_>, seconds_ago: u64) -> Stored<Job> {
    let due_at = bench.now().minus(Duration::from_secs(seconds_ago));
    bench.row(Job::at(due_at, "test.run", json!({ "seconds_ago": seconds_ago })))
}

async fn due_jobs_are_claimed_the_longest_due_first(store: &dyn Store) -> Checked {
    let bench = Bench::new(store);
    let organization = bench.organization().await?;
    let mut later = due(&bench, 0);
    later.value.due_at = bench.now().plus(Duration::from_micros(1));
    let jobs = [due(&bench, 10), due(&bench, 0), due(&bench, 100), due(&bench, 1), later.clone()];
    bench.put(organization, &jobs).await?;
    let [longer, now, longest, one, _] = &jobs;
    let taken = claimed(&bench, organization, 2).await?;
    same("the first two", &taken.iter().map(|job| job.id).collect(), &vec![longest.id, longer.id])?;
    // What a claim answers is what it has left in the store.
    let Some(first) = taken.first() else { return same("a job", &false, &true) };
    same("the leased job", &bench.find(organization, first.id).await?.as_ref(), &Some(first))?;
    same("its state", &first.state, &JobState::Leased)?;
    same("its lease", &first.due_at, &bench.now().plus(LEASE))?;
    same("its token, attempts and version", &(first.token, first.attempts, first.version), &(1, 1, 2))?;
    same("its worker", &first.worker.as_deref(), &Some("worker"))?;
    let rest = claimed(&bench, organization, 10).await?;
    same("the others", &rest.iter().map(|job| job.id).collect(), &vec![one.id, now.id])?;
    same("what is not due yet", &bench.find(organization, later.id).await?, &Some(later))
}

async fn a_leased_job_is_claimed_again_only_after_its_lease(store: &dyn Store) -> Checked {
    let bench = Bench::new(store);
    let organization = bench.organization().await?;
    bench.put(organization, &[due(&bench, 1)]).await?;
    same("the first claim", &claimed(&bench, organization, 10).await?.len(), &1)?;
    bench.clock.advance(LEASE.saturating_sub(Duration::from_micros(1)));
    same("a claim during the lease", &claimed(&bench, organization, 10).await?, &Vec::new())?;
    bench.clock.advance(Duration::from_micros(1));
    let again = claimed(&bench, organization, 10).await?;
    same("the token after the lease", &again.iter().map(|job| (job.token, job.attempts)).collect(), &vec![(2, 2)])
}

async fn a_job_is_finished_by_its_last_token_only(store: &dyn Store) -> Checked {
    let bench = Bench::new(store);
    let organization = bench.organization().await?;
    let (taken_over, own, unknown) = (due(&bench, 2), due(&bench, 1), due(&bench, 0));
    bench.put(organization, &[taken_over.clone(), own.clone()]).await?;
    claimed(&bench, organization, 10).await?;
    bench.clock.advance(LEASE);
    claimed(&bench, organization, 1).await?;
    let jobs = [(taken_over.id, 1), (own.id, 1), (own.id, 1), (unknown.id, 1)];
    let mut tx = bench.write(organization).await?;
    same("what an old worker finishes", &Agenda::finish(&mut *tx, &jobs).await?, &1)?;
    drop(tx);
    same("what is left when that is dropped", &bench.all::<Job>(organization).await?.len(), &2)?;
    let mut tx = bench.write(organization).await?;
    same("what an old worker finishes again", &Agenda::finish(&mut *tx, &jobs).await?, &1)?;
    same("with nothing to finish", &Agenda::finish(&mut *tx, &[]).await?, &0)?;
    tx.commit().await?;
    let left = bench.all::<Job>(organization).await?;
    same("what is left", &left.iter().map(|job| (job.id, job.token)).collect(), &vec![(taken_over.id, 2)])?;
    let mut tx = bench.write(organization).await?;
    same("what the new worker finishes", &Agenda::finish(&mut *tx, &[(taken_over.id, 2)]).await?, &1)?;
    tx.commit().await?;
    same("what is left at last", &bench.all::<Job>(organization).await?, &Vec::new())
}

async fn a_dead_job_is_left_alone(store: &dyn Store) -> Checked {
    let bench = Bench::new(store);
    let organization = bench.organization().await?;
    let mut job = due(&bench, 1);
    job.value.max_attempts = 1;
    bench.put(organization, &[job]).await?;
    let taken = claimed(&bench, organization, 1).await?;
    let Some(job) = taken.first() else { return same("a job", &false, &true) };
    let dead = bench.next(job, |job| job.fail("it broke", bench.now(), 0));
    bench.save(organization, &dead).await?;
    bench.clock.advance(LEASE * 100);
    same("a claim", &claimed(&bench, organization, 10).await?, &Vec::new())?;
    same("organizations with due jobs", &store.organizations_with_due_jobs(bench.now(), 10).await?, &Vec::new())?;
    same("the dead job", &bench.all::<Job>(organization).await?, &vec![dead.clone()])?;
    let requeued = bench.next(&dead, |job| job.requeue(bench.now()));
    bench.save(organization, &requeued).await?;
    same("a claim after it was requeued", &claimed(&bench, organization, 10).await?.len(), &1)
}

async fn jobs_are_claimed_within_the_organization(store: &dyn Store) -> Checked {
    let bench = Bench::new(store);
    let (ours, theirs) = (bench.organization().await?, bench.organization().await?);
    let job = due(&bench, 1);
    bench.put(theirs, std::slice::from_ref(&job)).await?;
    same("our claim", &claimed(&bench, ours, 10).await?, &Vec::new())?;
    let mut tx = bench.write(ours).await?;
    same("our finishing of theirs", &Agenda::finish(&mut *tx, &[(job.id, 0)]).await?, &0)?;
    tx.commit().await?;
    same("their jobs", &bench.all::<Job>(theirs).await?, &vec![job])
}

async fn organizations_with_due_jobs_are_known(store: &dyn Store) -> Checked {
    let bench = Bench::new(store);
    let mut organizations = Vec::new();
    for _ in 0..5 {
        organizations.push(bench.organization().await?);
    }
    let [idle, recent, oldest, future, middle] = organizations.as_slice() else { return same("five", &0, &5) };
    bench.put(*recent, &[due(&bench, 1), due(&bench, 2)]).await?;
    bench.put(*oldest, &[due(&bench, 1), due(&bench, 100)]).await?;
    bench.put(*middle, &[due(&bench, 50)]).await?;
    let mut later = due(&bench, 0);
    later.value.due_at = bench.now().plus(Duration::from_secs(1));
    bench.put(*future, &[later]).await?;
    let all = store.organizations_with_due_jobs(bench.now(), 10).await?;
    same("those with due jobs", &all, &vec![*oldest, *middle, *recent])?;
    let first = store.organizations_with_due_jobs(bench.now(), 2).await?;
    same("the first two", &first, &vec![*oldest, *middle])?;
    claimed(&bench, *oldest, 10).await?;
    let rest = store.organizations_with_due_jobs(bench.now(), 10).await?;
    same("those whose jobs nobody has", &rest, &vec![*middle, *recent])?;
    let much_later = bench.now().plus(LEASE);
    let again = store.organizations_with_due_jobs(much_later, 10).await?;
    same("those with due or abandoned jobs", &again, &vec![*middle, *recent, *future, *oldest])?;
    same("that the idle one is none of them", &again.contains(idle), &false)
}

async fn racing_workers_share_the_jobs(store: &dyn Store) -> Checked {
    let bench = Bench::new(store);
    let organization = bench.organization().await?;
    // All due at one instant: a lease that does not hold back would give the same ones out again.
    let jobs: Vec<_> = (0..12).map(|_| due(&bench, 0)).collect();
    bench.put(organization, &jobs).await?;
    let bench = &bench;
    let worker = async move || -> StoreResult<Vec<JobId>> {
        let mut done = Vec::new();
        for _ in 0..200 {
            let mut tx = bench.write(organization).await?;
            let taken = Agenda::claim(&mut *tx, &claim_at(bench.now(), 2)).await?;
            give_way().await;
            match tx.commit().await {
                Err(StoreError::Conflict { .. }) => continue,
                outcome => outcome?,
            }
            if taken.is_empty() {
                break;
            }
            // The work takes its time.
            for _ in 0..5 {
                give_way().await;
            }
            let mut tx = bench.write(organization).await?;
            let tokens: Vec<_> = taken.iter().map(|job| (job.id, job.token)).collect();
            Agenda::finish(&mut *tx, &tokens).await?;
            tx.commit().await?;
            done.extend(taken.iter().map(|job| job.id));
        }
        Ok(done)
    };
    let tasks = (0..4).map(|_| -> Task<'_, StoreResult<Vec<JobId>>> { Box::pin(worker()) });
    let mut done = Vec::new();
    for outcome in together(tasks.collect()).await {
        done.extend(outcome?);
    }
    done.sort();
    same("the jobs that were claimed, each once", &done, &jobs.iter().map(|job| job.id).collect())?;
    same("what is left", &bench.all::<Job>(organization).await?, &Vec::new())
}
