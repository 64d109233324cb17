//! What scoring leaves for later: a look at a threshold, and the rescoring of everything after a rule has changed.

use serde_json::{Value as Json, json};

use super::scorer::Scorer;
use super::settle::{forget, rescore, rescore_page};
use crate::agenda::Job;
use crate::kernel::{Id, Result, Stored, Timestamp};
use crate::lead::{LeadId, LeadStatus, RECOMPUTE};
use crate::store::{InStore, UnitOfWork};

/// The kind of job that looks at one lead when a threshold may be crossed.
pub const RECHECK: &str = "scoring.recheck";
/// The kind of job that scores all leads anew.
pub const RESCORE: &str = "scoring.rescore";

/// The handlers of what scoring leaves for later.
#[must_use]
pub const fn job_handlers() -> [InStore; 3] {
    [
        InStore::new(RECHECK, |uow, job| Box::pin(run_recheck(uow, job))),
        InStore::new(RECOMPUTE, |uow, job| Box::pin(run_recheck(uow, job))),
        InStore::new(RESCORE, |uow, job| Box::pin(run_rescore(uow, job))),
    ]
}

/// How many leads one run of [`run_rescore`] takes.
const LEADS_IN_A_RUN: u32 = 200;

pub(super) fn recheck_key(lead: LeadId) -> String {
    format!("{RECHECK}:{lead}")
}

/// A look at a lead whose total is expected to cross a threshold then.
pub(super) fn recheck(lead: LeadId, at: Timestamp) -> Job {
    Job::at(at, RECHECK, json!({ "lead_id": lead })).unique(recheck_key(lead))
}

/// The rescoring of all leads, from behind `after` on.
pub(super) fn rescore_all(at: Timestamp, after: Option<LeadId>) -> Job {
    Job::at(at, RESCORE, json!({ "after": after })).unique(RESCORE)
}

/// Scores the lead and puts the next look on the agenda. What scoring keeps of a lead that is gone is removed.
async fn run_recheck(uow: &mut UnitOfWork<'_>, job: &Stored<Job>) -> Result<()> {
    let Some(lead) = lead_in(&job.payload, "lead_id") else { return Ok(()) };
    match uow.lock_of_anyone(lead).await? {
        // A converted lead is not written to any more.
        Some(row) if row.status == LeadStatus::Converted => Ok(()),
        Some(row) => {
            let scorer = Scorer::load(uow).await?;
            rescore(uow, &scorer, row).await.map(drop)
        }
        None => forget(uow, lead).await,
    }
}

/// Scores the next leads and puts the rest on the agenda.
async fn run_rescore(uow: &mut UnitOfWork<'_>, job: &Stored<Job>) -> Result<()> {
    let after = lead_in(&job.payload, "after");
    match rescore_page(uow, after, LEADS_IN_A_RUN).await? {
        Some(last) => uow.schedule(rescore_all(uow.now(), Some(last))).await,
        None => Ok(()),
    }
}

fn lead_in(payload: &Json, name: &str) -> Option<LeadId> {
    payload.get(name)?.as_str()?.parse::<Id<_>>().ok()
}
