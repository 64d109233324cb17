//! What a changed lead leaves to others: whatever is computed from a lead is computed anew.

use serde_json::json;

use super::model::LeadId;
use crate::agenda::Job;
use crate::kernel::Result;
use crate::store::UnitOfWork;

/// The kind of job that computes anew what is kept of a lead: its payload names the `lead_id`. Scoring does it.
pub const RECOMPUTE: &str = "lead.recompute";

/// The event that tells of a fresh copy of the score. The lead is saved for it, and yet it is nobody's change.
pub const SCORED: &str = "lead.scored";

fn key(lead: LeadId) -> String {
    format!("{RECOMPUTE}:{lead}")
}

/// Has what is computed from the lead computed anew, once, however often it changes until then.
pub(super) async fn recompute(uow: &mut UnitOfWork<'_>, lead: LeadId) -> Result<()> {
    let job = Job::at(uow.now(), RECOMPUTE, json!({ "lead_id": lead })).unique(key(lead));
    uow.schedule(job).await
}

/// There is nothing to compute any more: for a lead that goes.
///
/// # Errors
/// `StoreError::Conflict` when a worker takes the job at the same time.
pub async fn stop_recomputing(uow: &mut UnitOfWork<'_>, lead: LeadId) -> Result<()> {
    uow.unschedule(&key(lead)).await
}
