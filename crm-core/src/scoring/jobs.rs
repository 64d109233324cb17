//! What scoring leaves for later: a look at a threshold, and the rescoring of everything after a rule has changed.

use serde_json::{Value as Json, json};

use super::scorer::Scorer;
use super::settle::{forget, rescore, rescore_page};
use crate::agenda::Job;
use crate::kernel::{Id, Result, Stored, Timestamp};
use crate::lead::LeadId;
use crate::store::UnitOfWork;

/// The kind of job for which [`run_recheck`] is the handler.
pub const RECHECK: &str = "scoring.recheck";
/// The kind of job for which [`run_rescore`] is the handler.
pub const RESCORE: &str = "scoring.rescore";

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

/// Does a [`RECHECK`] job in the unit of work that finishes it: scores the lead and puts the next look on the agenda. The
/// job is finished here unless it is already, since the next look has the same key. What scoring keeps of a lead that is
/// gone is removed.
///
/// # Errors
/// `StoreError::Conflict` when someone else changes the lead at the same time.
pub async fn run_recheck(uow: &mut UnitOfWork<'_>, job: &Stored<Job>) -> Result<()> {
    uow.tx().finish(&[(job.id, job.token)]).await?;
    let Some(lead) = lead_in(&job.payload, "lead_id") else { return Ok(()) };
    match uow.lock_of_anyone(lead).await? {
        Some(row) => {
            let scorer = Scorer::load(uow).await?;
            rescore(uow, &scorer, row).await.map(drop)
        }
        None => forget(uow, lead).await,
    }
}

/// Does a [`RESCORE`] job in the unit of work that finishes it: scores the next leads and puts the rest on the agenda.
///
/// # Errors
/// `StoreError::Conflict` when someone else changes one of the leads at the same time.
pub async fn run_rescore(uow: &mut UnitOfWork<'_>, job: &Stored<Job>) -> Result<()> {
    uow.tx().finish(&[(job.id, job.token)]).await?;
    let after = lead_in(&job.payload, "after");
    match rescore_page(uow, after, LEADS_IN_A_RUN).await? {
        Some(last) => uow.schedule(rescore_all(uow.now(), Some(last))).await,
        None => Ok(()),
    }
}

fn lead_in(payload: &Json, name: &str) -> Option<LeadId> {
    payload.get(name)?.as_str()?.parse::<Id<_>>().ok()
}
