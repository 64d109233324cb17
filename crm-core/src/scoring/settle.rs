//! Keeping the leads' copies of their scores, and telling of thresholds.

use std::collections::BTreeMap;

use super::engagement::{Engagement, EngagementKind};
use super::jobs;
use super::model::{ScoringRule, ScoringRuleId};
use super::scorer::{Scorer, Sheet};
use super::state::{ScoreState, ScoringEvent};
use crate::kernel::{Cursor, Page, Result, Stored, Timestamp, Value};
use crate::lead::{Lead, LeadDraft, LeadId};
use crate::store::UnitOfWork;

impl Scorer {
    /// Reads the active rules.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn load(uow: &mut UnitOfWork<'_>) -> Result<Self> {
        let mut active = uow.setup::<ScoringRule>().await?.to_vec();
        active.retain(|rule| rule.active);
        Ok(Self::new(&active))
    }
}

/// Gives a lead that is about to be added its first score. Call [`settle_new`] when it is added.
pub fn score_draft(uow: &UnitOfWork<'_>, scorer: &Scorer, draft: &mut LeadDraft) {
    let row = uow.fresh(draft.id, draft.lead.clone());
    draft.lead.copy_score(scorer.total(&row, &[], uow.now()), uow.now());
}

/// Tells of the thresholds that leads reach as they come in. They have done nothing yet, so nothing fades.
///
/// # Errors
/// Those of the store.
pub async fn settle_new(uow: &mut UnitOfWork<'_>, scorer: &Scorer, leads: &[Stored<Lead>]) -> Result<()> {
    let now = uow.now();
    let mut states = Vec::new();
    for lead in leads {
        for (sheet, threshold) in scorer.watched() {
            if threshold.crossed(false, sheet.total(lead, &[], now)) == Some(true) {
                states.push(ScoreState { lead_id: lead.id, rule_id: sheet.id, above: true, crossed_at: now });
                tell(uow, lead, sheet, &[], true)?;
            }
        }
    }
    uow.add_parts(states).await?;
    Ok(())
}

/// Computes the score of a stored lead anew: takes the copy, tells of a change and of thresholds, and puts the next
/// look on the agenda. Writes nothing when nothing has changed.
///
/// # Errors
/// `StoreError::Conflict` when someone else changes the lead at the same time.
pub async fn rescore(uow: &mut UnitOfWork<'_>, scorer: &Scorer, lead: Stored<Lead>) -> Result<Stored<Lead>> {
    let before = lead.clone();
    Ok(rescore_many(uow, scorer, vec![lead]).await?.pop().unwrap_or(before))
}

/// Computes the scores of the next `limit` leads behind `after`, in the order of their identifiers. Answers where to go
/// on, or nothing when all are done.
///
/// # Errors
/// `StoreError::Conflict` when someone else changes one of the leads at the same time.
pub async fn rescore_page(uow: &mut UnitOfWork<'_>, after: Option<LeadId>, limit: u32) -> Result<Option<LeadId>> {
    let mut page = Page::first(limit);
    if let Some(after) = after {
        page = page.after(Cursor { value: Value::Uuid(after.uuid()), id: after.uuid() })?;
    }
    let open = Lead::STATUS.is("converted").negated();
    let leads = uow.list_of_anyone(&open, &page).await?;
    let full = u32::try_from(leads.len()).is_ok_and(|count| count >= page.limit());
    let last = leads.last().map(|lead| lead.id);
    let scorer = Scorer::load(uow).await?;
    rescore_many(uow, &scorer, leads).await?;
    Ok(last.filter(|_| full))
}

async fn rescore_many(
    uow: &mut UnitOfWork<'_>,
    scorer: &Scorer,
    leads: Vec<Stored<Lead>>,
) -> Result<Vec<Stored<Lead>>> {
    let mut engagements = engagements_of(uow, scorer, &leads).await?;
    let mut states = states_of(uow, scorer, &leads).await?;
    let mut rescored = Vec::with_capacity(leads.len());
    for lead in leads {
        let done = engagements.remove(&lead.id).unwrap_or_default();
        let lead = copy(uow, scorer, lead, &done).await?;
        settle(uow, scorer, &lead, &done, &mut states).await?;
        rescored.push(lead);
    }
    Ok(rescored)
}

async fn copy(
    uow: &mut UnitOfWork<'_>,
    scorer: &Scorer,
    mut lead: Stored<Lead>,
    done: &[Stored<Engagement>],
) -> Result<Stored<Lead>> {
    let now = uow.now();
    let (from, to) = (lead.score, scorer.total(&lead, done, now));
    if from == to {
        return Ok(lead);
    }
    let why = scorer.score(&lead, done, now).explanation();
    lead.value.copy_score(to, now);
    uow.save(lead, ScoringEvent::Scored { from, to, why }).await
}

async fn settle(
    uow: &mut UnitOfWork<'_>,
    scorer: &Scorer,
    lead: &Stored<Lead>,
    done: &[Stored<Engagement>],
    states: &mut BTreeMap<(LeadId, ScoringRuleId), Stored<ScoreState>>,
) -> Result<()> {
    let now = uow.now();
    let mut next: Option<Timestamp> = None;
    for (sheet, threshold) in scorer.watched() {
        let state = states.remove(&(lead.id, sheet.id));
        let mut above = state.as_ref().is_some_and(|state| state.above);
        if let Some(reached) = threshold.crossed(above, sheet.total(lead, done, now)) {
            above = reached;
            let after = ScoreState { lead_id: lead.id, rule_id: sheet.id, above, crossed_at: now };
            match state {
                Some(state) => uow.save_part(Stored { value: after, ..state }).await.map(drop)?,
                None => uow.add_parts(vec![after]).await.map(drop)?,
            }
            tell(uow, lead, sheet, done, reached)?;
        }
        next = next.into_iter().chain(sheet.next_crossing_at(threshold, above, lead, done, now)).min();
    }
    match next {
        Some(at) => uow.schedule(jobs::recheck(lead.id, at)).await,
        // Without engagements nothing fades, so there was never a job.
        None if done.is_empty() => Ok(()),
        None => uow.unschedule(&jobs::recheck_key(lead.id)).await,
    }
}

fn tell(
    uow: &mut UnitOfWork<'_>,
    lead: &Stored<Lead>,
    sheet: &Sheet,
    done: &[Stored<Engagement>],
    reached: bool,
) -> Result<()> {
    let Some(threshold) = sheet.threshold() else { return Ok(()) };
    let score = sheet.score(lead, done, uow.now());
    let (rule_id, total) = (sheet.id, score.total);
    let why = score.explanation();
    let event = if reached {
        ScoringEvent::ThresholdReached { rule_id, threshold: threshold.at, total, why }
    } else {
        ScoringEvent::ThresholdLeft { rule_id, release: threshold.release, total, why }
    };
    uow.say(lead, &event)
}

/// The engagements that count, by lead, each lead's in the order of their recording.
pub(super) async fn engagements_of(
    uow: &mut UnitOfWork<'_>,
    scorer: &Scorer,
    leads: &[Stored<Lead>],
) -> Result<BTreeMap<LeadId, Vec<Stored<Engagement>>>> {
    let kinds: Vec<_> = scorer.kinds().into_iter().map(EngagementKind::as_str).collect();
    let mut of_leads: BTreeMap<LeadId, Vec<Stored<Engagement>>> = BTreeMap::new();
    if kinds.is_empty() || leads.is_empty() {
        return Ok(of_leads);
    }
    let wanted = Engagement::LEAD.is_one_of(leads.iter().map(|lead| lead.id)).and(Engagement::KIND.is_one_of(kinds));
    for engagement in uow.list_all(&wanted).await? {
        of_leads.entry(engagement.lead_id).or_default().push(engagement);
    }
    Ok(of_leads)
}

async fn states_of(
    uow: &mut UnitOfWork<'_>,
    scorer: &Scorer,
    leads: &[Stored<Lead>],
) -> Result<BTreeMap<(LeadId, ScoringRuleId), Stored<ScoreState>>> {
    if scorer.watched().next().is_none() || leads.is_empty() {
        return Ok(BTreeMap::new());
    }
    let wanted = ScoreState::LEAD.is_one_of(leads.iter().map(|lead| lead.id));
    Ok(uow.list_all(&wanted).await?.into_iter().map(|state| ((state.lead_id, state.rule_id), state)).collect())
}

/// Removes everything that scoring keeps of a lead: for a lead that was removed or erased.
///
/// # Errors
/// Those of the store.
pub async fn forget(uow: &mut UnitOfWork<'_>, lead: LeadId) -> Result<()> {
    for engagement in uow.list_all(&Engagement::LEAD.is(lead)).await? {
        uow.remove_part(&engagement).await?;
    }
    for state in uow.list_all(&ScoreState::LEAD.is(lead)).await? {
        uow.remove_part(&state).await?;
    }
    uow.unschedule(&jobs::recheck_key(lead)).await
}

/// Gives all engagements of one lead to another: for leads that are merged. Rescore the other afterwards.
///
/// # Errors
/// Those of the store.
pub async fn adopt_engagements(uow: &mut UnitOfWork<'_>, from: LeadId, to: LeadId) -> Result<()> {
    for mut engagement in uow.list_all(&Engagement::LEAD.is(from)).await? {
        engagement.value.lead_id = to;
        uow.save_part(engagement).await?;
    }
    forget(uow, from).await
}
