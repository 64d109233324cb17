//! What the caller may know of the records that submissions were taken for.

use std::collections::BTreeSet;

use super::model::CaptureOutcome;
use crate::duplicate::{hidden, unseen};
use crate::identity::{RecordKind, RecordRef};
use crate::kernel::Result;
use crate::store::UnitOfWork;

/// Takes out of the outcomes what was compared with records that the caller may not see, and which records these are.
/// Where a submission was taken in, its record stays named: the caller has told of it.
pub(super) async fn veil(uow: &mut UnitOfWork<'_>, outcomes: &mut [Result<CaptureOutcome>]) -> Result<()> {
    let named: BTreeSet<RecordRef> = outcomes.iter().flatten().flat_map(records).collect();
    let unseen = unseen(uow, named).await?;
    if unseen.is_empty() {
        return Ok(());
    }
    for outcome in outcomes.iter_mut().flatten() {
        match outcome {
            CaptureOutcome::Created { flagged: hits, .. }
            | CaptureOutcome::Warned(hits)
            | CaptureOutcome::Blocked(hits) => {
                for hit in hits.iter_mut().filter(|hit| hit.record.is_some_and(|record| unseen.contains(&record))) {
                    hit.record = None;
                    hit.evidence = hidden(hit.confidence);
                }
            }
            CaptureOutcome::Linked { record, evidence, .. } | CaptureOutcome::Skipped { record, evidence } => {
                if unseen.contains(record) {
                    *evidence = hidden(1_000);
                }
            }
            CaptureOutcome::Updated { lead, evidence, changes } => {
                if unseen.iter().any(|record| record.id == lead.uuid()) {
                    *evidence = hidden(1_000);
                    changes.clear();
                }
            }
            CaptureOutcome::Repeated { .. } => {}
        }
    }
    Ok(())
}

fn records(outcome: &CaptureOutcome) -> Vec<RecordRef> {
    match outcome {
        CaptureOutcome::Created { flagged: hits, .. }
        | CaptureOutcome::Warned(hits)
        | CaptureOutcome::Blocked(hits) => hits.iter().filter_map(|hit| hit.record).collect(),
        CaptureOutcome::Linked { record, .. } | CaptureOutcome::Skipped { record, .. } => vec![*record],
        CaptureOutcome::Updated { lead, .. } => vec![RecordRef::new(RecordKind::Lead, *lead)],
        CaptureOutcome::Repeated { .. } => Vec::new(),
    }
}
