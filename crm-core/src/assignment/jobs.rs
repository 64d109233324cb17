//! What assignment leaves for later: another look at the leads that wait.

use std::time::Duration;

use serde_json::{Value as Json, json};

use super::waiting::{WaitingLead, WaitingLeadId, drain_waiting, wait_by_new_rules};
use crate::agenda::Job;
use crate::kernel::{Page, Predicate, Result, Stored, Timestamp};
use crate::store::{InStore, UnitOfWork};

/// The kind of job that looks at the leads that wait.
pub const DRAIN: &str = "assignment.drain";
/// The kind of job that goes on matching the leads that wait, after the rules have changed: its payload names the place in
/// the queue behind which, `after`.
pub const REMATCH: &str = "assignment.rematch";

/// The handlers of what assignment leaves for later.
#[must_use]
pub const fn job_handlers() -> [InStore; 2] {
    [
        InStore::new(DRAIN, |uow, job| Box::pin(run_drain(uow, job))),
        InStore::new(REMATCH, |uow, job| Box::pin(run_rematch(uow, job))),
    ]
}

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

/// Has the leads that wait behind this one matched with the rules as they are now.
pub(super) async fn rematch_behind(uow: &mut UnitOfWork<'_>, after: WaitingLeadId) -> Result<()> {
    uow.schedule(Job::at(uow.now(), REMATCH, json!({ "after": after })).unique(REMATCH)).await
}

async fn run_rematch(uow: &mut UnitOfWork<'_>, job: &Stored<Job>) -> Result<()> {
    let after = job.payload.get("after").and_then(|after| after.as_str()?.parse().ok());
    wait_by_new_rules(uow, after).await
}

fn drain_at(at: Timestamp) -> Job {
    Job::at(at, DRAIN, Json::Null).unique(DRAIN)
}

/// Gives the oldest waiting leads away and looks again later while any are left.
async fn run_drain(uow: &mut UnitOfWork<'_>, _: &Stored<Job>) -> Result<()> {
    let left = drain_waiting(uow, LEADS_IN_A_RUN).await?;
    if u32::try_from(left).is_ok_and(|left| left >= LEADS_IN_A_RUN) {
        return drain_now(uow).await;
    }
    if uow.list(&Predicate::<WaitingLead>::everything(), &Page::first(1)).await?.is_empty() {
        return Ok(());
    }
    look_again(uow, None).await
}
