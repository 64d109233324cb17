//! Commands on rules and engagements, and the scores themselves.

use super::engagement::{Engagement, EngagementRefusal, NewEngagement};
use super::history::history;
use super::jobs;
use super::model::{NewScoringRule, ScoringRule, ScoringRuleEvent, ScoringRuleId};
use super::score::Score;
use super::scorer::Scorer;
use super::settle::{engagements_of, rescore, rescore_page};
use super::state::ScoringEvent;
use crate::access::Permission;
use crate::custom_field::Schema;
use crate::identity::RecordKind;
use crate::kernel::{FieldProblem, InvalidInput, Page, Predicate, Result, Stored, Timestamp};
use crate::lead::LeadId;
use crate::store::{Session, StoreError, UnitOfWork};

/// The most bytes of JSON that the details of an engagement may have.
const MOST_DETAILS: usize = 16_384;
/// The most instants that one question about the past may name.
const MOST_INSTANTS: usize = 366;

/// Commands on rules and engagements, and the scores themselves.
#[derive(Clone, Copy, Debug)]
pub struct Scoring<'a>(pub(crate) &'a Session);

impl Scoring<'_> {
    /// Adds a rule and puts the rescoring of all leads on the agenda.
    ///
    /// ```
    /// # use crm_core::scoring::{default_rule};
    /// # crm_core::testing::office::example(async |office, session| {
    /// let mut new = default_rule()?;
    /// new.name = "Interest".parse()?;
    /// let rule = session.scoring().create_rule(new).await?;
    /// assert!(rule.active);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `InvalidInput` that names every problem; `StoreError::Duplicate` when there is a rule of this name.
    pub async fn create_rule(&self, new: NewScoringRule) -> Result<Stored<ScoringRule>> {
        let mut uow = self.0.begin(Permission::ScoringConfigure).await?;
        let rule = ScoringRule::new(new);
        rule.check(&Schema::load(&mut uow, RecordKind::Lead).await?)?;
        let rule = uow.insert(rule, ScoringRuleEvent::Created).await?;
        uow.schedule(jobs::rescore_all(uow.now(), None)).await?;
        uow.commit().await?;
        Ok(rule)
    }

    /// Replaces a rule in the version that the caller has seen, and puts the rescoring of all leads on the agenda.
    ///
    /// # Errors
    /// `RecordNotFound`, `StaleVersion`; `InvalidInput` that names every problem.
    pub async fn change_rule(
        &self,
        id: ScoringRuleId,
        version: i64,
        new: NewScoringRule,
    ) -> Result<Stored<ScoringRule>> {
        let mut uow = self.0.begin(Permission::ScoringConfigure).await?;
        let mut row = uow.get_at(id, Some(version)).await?;
        let before = Box::new(std::mem::replace(&mut row.value, ScoringRule::new(new)));
        row.check(&Schema::load(&mut uow, RecordKind::Lead).await?)?;
        let row = uow.save(row, ScoringRuleEvent::Changed { before }).await?;
        uow.schedule(jobs::rescore_all(uow.now(), None)).await?;
        uow.commit().await?;
        Ok(row)
    }

    /// All rules, by position.
    ///
    /// ```
    /// # crm_core::testing::office::example(async |office, session| {
    /// assert_eq!(session.scoring().rules().await?.len(), 1, "an organization begins with one");
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// Those of the door.
    pub async fn rules(&self) -> Result<Vec<Stored<ScoringRule>>> {
        let mut uow = self.0.begin(Permission::ScoringRead).await?;
        let mut rules = uow.list_all(&Predicate::<ScoringRule>::everything()).await?;
        rules.sort_by_key(|rule| (rule.position, rule.id));
        Ok(rules)
    }

    /// Records what a lead did and scores it anew. An engagement of this lead whose source key is known already is answered
    /// as it was recorded first, and nothing happens.
    ///
    /// ```
    /// # use crm_core::kernel::{Page};
    /// # use crm_core::scoring::{NewEngagement};
    /// # use crm_core::testing::{office};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let lead = office.lead(office::named("Lovelace")).await;
    /// let opened = NewEngagement::of(lead.id, "email_opened".parse()?);
    /// session.scoring().record_engagement(opened).await?;
    /// assert_eq!(session.scoring().engagements(lead.id, &Page::first(50)).await?.len(), 1);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound` when there is no such lead; `InvalidInput` when the details are too large;
    /// `EngagementRefusal::SourceKeyTaken` when another lead has an engagement with this source key;
    /// `StoreError::Conflict` when someone else changes the lead at the same time.
    pub async fn record_engagement(&self, new: NewEngagement) -> Result<Stored<Engagement>> {
        let details = new.details.to_string().len();
        if details > MOST_DETAILS {
            let problem = format!("{details} bytes of JSON; give at most {MOST_DETAILS}");
            let problem = FieldProblem::new("details", "engagement.details_too_large", problem);
            return Err(InvalidInput(vec![problem]).into());
        }
        match self.record(new.clone()).await {
            // Someone recorded the same at the same time, and was first: now it is known.
            Err(error) if is_taken(&error) => self.record(new).await,
            outcome => outcome,
        }
    }

    async fn record(&self, new: NewEngagement) -> Result<Stored<Engagement>> {
        let mut uow = self.0.begin(Permission::EngagementRecord).await?;
        let lead = uow.lock(new.lead_id).await?;
        if let Some(known) = known(&mut uow, &new).await? {
            if known.lead_id != new.lead_id {
                return Err(EngagementRefusal::SourceKeyTaken.into());
            }
            return Ok(known);
        }
        let recorded = uow.add_parts(vec![Engagement::new(new, uow.now())]).await?;
        for one in &recorded {
            let (kind, occurred_at) = (one.kind.clone(), one.occurred_at);
            uow.say(&lead, &ScoringEvent::Engaged { engagement_id: one.id, kind, occurred_at })?;
        }
        let scorer = Scorer::load(&mut uow).await?;
        rescore(&mut uow, &scorer, lead).await?;
        uow.commit().await?;
        let nothing = StoreError::Fault("the store kept no engagement".into());
        Ok(recorded.into_iter().next().ok_or(nothing)?)
    }

    /// What a lead did, the earliest first.
    ///
    /// ```
    /// # use crm_core::kernel::{Page};
    /// # use crm_core::testing::{office};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let lead = office.lead(office::named("Lovelace")).await;
    /// assert!(session.scoring().engagements(lead.id, &Page::first(50)).await?.is_empty());
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`.
    pub async fn engagements(&self, lead: LeadId, page: &Page<Engagement>) -> Result<Vec<Stored<Engagement>>> {
        let mut uow = self.0.begin(Permission::ScoringRead).await?;
        uow.get(lead).await?;
        uow.list(&Engagement::LEAD.is(lead), page).await
    }

    /// The score of a lead now, with all its reasons.
    ///
    /// ```
    /// # use crm_core::testing::{office};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let lead = office.lead(office::named("Lovelace")).await;
    /// let score = session.scoring().score(lead.id).await?;
    /// println!("{}", score.explanation());
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`.
    pub async fn score(&self, id: LeadId) -> Result<Score> {
        let mut uow = self.0.begin(Permission::ScoringRead).await?;
        let lead = uow.get(id).await?;
        let scorer = Scorer::load(&mut uow).await?;
        let done = engagements_of(&mut uow, &scorer, std::slice::from_ref(&lead)).await?.remove(&id);
        Ok(scorer.score(&lead, &done.unwrap_or_default(), uow.now()))
    }

    /// The scores of a lead at past instants, by the rules and the lead as they were then. Nothing before it came in.
    ///
    /// ```
    /// # use crm_core::testing::{office};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let lead = office.lead(office::named("Lovelace")).await;
    /// let then = lead.created_at;
    /// let scores = session.scoring().history(lead.id, &[then]).await?;
    /// assert_eq!(scores.len(), 1);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`; `InvalidInput` for more than 366 instants.
    pub async fn history(&self, id: LeadId, instants: &[Timestamp]) -> Result<Vec<Score>> {
        if instants.len() > MOST_INSTANTS {
            let problem = format!("{} instants; ask for at most {MOST_INSTANTS} at once", instants.len());
            return Err(InvalidInput(vec![FieldProblem::new("instants", "score.too_many_instants", problem)]).into());
        }
        let mut uow = self.0.begin(Permission::ScoringRead).await?;
        let lead = uow.get(id).await?;
        history(&mut uow, &lead, instants).await
    }

    /// Scores the next `limit` (at most 1000) leads behind `after` anew. Answers where to go on, or nothing at the end.
    ///
    /// ```
    /// # use crm_core::testing::{office};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let lead = office.lead(office::named("Lovelace")).await;
    /// let next = session.scoring().rescore_all(None, 100).await?;
    /// assert!(next.is_none(), "all are done");
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `StoreError::Conflict` when someone else changes one of the leads at the same time; then none was changed.
    pub async fn rescore_all(&self, after: Option<LeadId>, limit: u32) -> Result<Option<LeadId>> {
        let mut uow = self.0.begin(Permission::ScoringConfigure).await?;
        let next = rescore_page(&mut uow, after, limit).await?;
        uow.commit().await?;
        Ok(next)
    }
}

async fn known(uow: &mut UnitOfWork<'_>, new: &NewEngagement) -> Result<Option<Stored<Engagement>>> {
    let Some(key) = &new.source_key else { return Ok(None) };
    Ok(uow.list(&Engagement::SOURCE_KEY.is(key.as_str()), &Page::first(1)).await?.pop())
}

fn is_taken(error: &crate::kernel::Error) -> bool {
    matches!(error.downcast_ref::<StoreError>(), Some(StoreError::Duplicate { entity: "engagement", .. }))
}
