//! The intake of single submissions.

use super::batch::{IntakeRules, capture_batch};
use super::model::{CaptureOutcome, CaptureRefusal, Submission};
use crate::access::Permission;
use crate::kernel::{Error, Kind, Result};
use crate::store::Session;

/// How often a submission is tried again when another one touched the same records at the same time.
const TRIES: usize = 8;

/// The one way in for leads.
#[derive(Clone, Copy, Debug)]
pub struct Intake<'a>(pub(crate) &'a Session);

impl Intake<'_> {
    /// Takes one submission.
    ///
    /// # Errors
    /// `CaptureRefusal` when the policy blocks it or wants a person to look first, `LeadRefusal`, `InvalidInput`.
    pub async fn submit(&self, submission: Submission) -> Result<CaptureOutcome> {
        match self.capture(vec![submission]).await?.pop() {
            Some(Ok(CaptureOutcome::Warned(candidates))) => Err(CaptureRefusal::Warned(candidates).into()),
            Some(Ok(CaptureOutcome::Blocked(candidates))) => Err(CaptureRefusal::Blocked(candidates).into()),
            Some(outcome) => outcome,
            None => Ok(CaptureOutcome::Repeated { record: None }),
        }
    }

    /// Takes several submissions in one commit; says of each what became of it, in their order.
    ///
    /// # Errors
    /// Those of the store; then none was taken.
    pub async fn capture(&self, submissions: Vec<Submission>) -> Result<Vec<Result<CaptureOutcome>>> {
        let mut tries = 1;
        loop {
            match self.capture_once(submissions.clone()).await {
                // Whoever came first has written by now; the next try sees it.
                Err(error) if tries < TRIES && met_another(&error) => tries += 1,
                outcome => return outcome,
            }
        }
    }

    /// Says what would become of submissions. Nothing is changed.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn rehearse(&self, submissions: Vec<Submission>) -> Result<Vec<Result<CaptureOutcome>>> {
        let mut uow = self.0.begin(Permission::LeadCreate).await?;
        let rules = IntakeRules::load(&mut uow).await?;
        capture_batch(&mut uow, &rules, submissions).await
    }

    async fn capture_once(&self, submissions: Vec<Submission>) -> Result<Vec<Result<CaptureOutcome>>> {
        let mut uow = self.0.begin(Permission::LeadCreate).await?;
        let rules = IntakeRules::load(&mut uow).await?;
        let outcomes = capture_batch(&mut uow, &rules, submissions).await?;
        uow.commit().await?;
        Ok(outcomes)
    }
}

fn met_another(error: &Error) -> bool {
    matches!(error.code(), "record.changed_meanwhile" | "record.duplicate") && error.kind() == Kind::Conflict
}
