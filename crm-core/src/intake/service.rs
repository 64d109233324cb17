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
    /// ```
    /// # use crm_core::lead::{NewLead};
    /// # use crm_core::intake::{CaptureOutcome, Submission};
    /// # crm_core::testing::office::example(async |office, session| {
    /// let lead = NewLead {
    ///     last_name: Some("Lovelace".parse()?),
    ///     email: Some("ada@engine.example".parse()?),
    ///     ..NewLead::default()
    /// };
    /// let submission = Submission::new("web-form".parse()?, lead);
    /// let outcome = session.intake().submit(submission).await?;
    /// assert!(matches!(outcome, CaptureOutcome::Created { .. }));
    /// # Ok(())
    /// # });
    /// ```
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
    /// ```
    /// # use crm_core::lead::{NewLead};
    /// # use crm_core::intake::{CaptureOutcome, Submission};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let lead = NewLead {
    /// #     last_name: Some("Lovelace".parse()?),
    /// #     email: Some("ada@engine.example".parse()?),
    /// #     first_name: Some("Ada".parse()?),
    /// #     ..NewLead::default()
    /// # };
    /// let submission = Submission::new("web-form".parse()?, lead);
    /// let outcomes = session.intake().capture(vec![submission.clone(), submission]).await?;
    /// assert!(matches!(outcomes[0], Ok(CaptureOutcome::Created { .. })));
    /// assert!(matches!(outcomes[1], Ok(CaptureOutcome::Linked { .. })), "they are known by now");
    /// # Ok(())
    /// # });
    /// ```
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
    /// ```
    /// # use crm_core::lead::{NewLead};
    /// # use crm_core::kernel::{Page, Predicate};
    /// # use crm_core::intake::{CaptureOutcome, Submission};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let lead = NewLead {
    /// #     last_name: Some("Lovelace".parse()?),
    /// #     email: Some("ada@engine.example".parse()?),
    /// #     ..NewLead::default()
    /// # };
    /// let submission = Submission::new("web-form".parse()?, lead);
    /// let outcomes = session.intake().rehearse(vec![submission]).await?;
    /// assert!(matches!(outcomes[0], Ok(CaptureOutcome::Created { .. })));
    /// assert!(session.leads().list(&Predicate::everything(), &Page::first(50)).await?.is_empty());
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// Those of the store.
    pub async fn rehearse(&self, submissions: Vec<Submission>) -> Result<Vec<Result<CaptureOutcome>>> {
        let mut uow = self.0.begin(Permission::LeadCreate).await?;
        uow.rehearse();
        let rules = IntakeRules::load(&mut uow).await?;
        capture_batch(&mut uow, &rules, submissions).await
    }

    async fn capture_once(&self, submissions: Vec<Submission>) -> Result<Vec<Result<CaptureOutcome>>> {
        let mut uow = self.0.begin(Permission::LeadCreate).await?;
        // First of all, which tells the version of the rules too.
        uow.hold_organization().await?;
        let rules = IntakeRules::load(&mut uow).await?;
        let outcomes = capture_batch(&mut uow, &rules, submissions).await?;
        uow.commit().await?;
        Ok(outcomes)
    }
}

fn met_another(error: &Error) -> bool {
    matches!(error.code(), "record.changed_meanwhile" | "record.duplicate") && error.kind() == Kind::Conflict
}
