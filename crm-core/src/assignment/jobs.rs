//! What assignment leaves for later: another look at the leads that wait.

use std::time::Duration;

use serde_json::Value as Json;

use super::waiting::{WaitingLead, drain_waiting};
use crate::agenda::Job;
use crate::kernel::{Page, Predicate, Result, Stored, Timestamp};
use crate::store::UnitOfWork;

/// The kind of job for which [`run_drain`] is the handler.
pub const DRAIN: &str = "assignment.drain";

/// How many leads one run takes.
const LEADS_IN_A_RUN: u32 = 100;
/// While leads wait they are looked at this often, whether or not anything is known to have changed: a member may have
/// been activated or have closed a lead.
const LONGEST_PAUSE: Duration = Duration::from_mins(10);

/// Sees to it that waiting leads are looked at when someone returns, and within [`LONGEST_PAUSE`].
pub(super) async fn look_again(uow: &mut UnitOfWork<'_>, returns: Option<Timestamp>) -> Result<()> {
    let latest = uow.now().plus(LONGEST_PAUSE);
    let at = returns.map_or(latest, |at| at.min(latest));
    match uow.scheduled(DRAIN).await? {
        Some(job) if job.due_at <= at => Ok(()),
        _ => uow.schedule(drain_at(at)).await,
    }
}

/// Has the leads that wait looked at now, when there are any.
pub(super) async fn drain_now(uow: &mut UnitOfWork<'_>) -> Result<()> {
    if uow.list(&Predicate::<WaitingLead>::everything(), &Page::first(1)).await?.is_empty() {
        return Ok(());
    }
    uow.schedule(drain_at(uow.now())).await
}

fn drain_at(at: Timestamp) -> Job {
    Job::at(at, DRAIN, Json::Null).unique(DRAIN)
}

/// Does a [`DRAIN`] job in the unit of work that finishes it: gives the oldest waiting leads away and looks again later
/// while any are left. The job is finished here unless it is already, since the next look has the same key.
///
/// # Errors
/// `StoreError::Conflict` when someone else changes a lead, takes turns or changes the rules at the same time.
pub async fn run_drain(uow: &mut UnitOfWork<'_>, job: &Stored<Job>) -> Result<()> {
    uow.tx().finish(&[(job.id, job.token)]).await?;
    let left = drain_waiting(uow, LEADS_IN_A_RUN).await?;
    if u32::try_from(left).is_ok_and(|left| left >= LEADS_IN_A_RUN) {
        return drain_now(uow).await;
    }
    if uow.list(&Predicate::<WaitingLead>::everything(), &Page::first(1)).await?.is_empty() {
        return Ok(());
    }
    look_again(uow, None).await
}
