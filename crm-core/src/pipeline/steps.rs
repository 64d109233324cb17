//! The steps of a deal from stage to stage: the one place where its state changes. Pure.
//!
//! | from | step | to |
//! |---|---|---|
//! | open | `move_to` | open |
//! | open | `close` with a reason | won or lost |
//! | won, lost | `reopen` | open, where it was closed from |
//! | any | `relocate`: to another pipeline, or when its stage goes | the same state |
//!
//! Entering a stage sets probability and category of the stage, unless the same command sets them. A step that is
//! refused changes nothing.

use super::event::{OpportunityEvent, Step};
use super::guard::check_entry;
use super::model::{CloseReason, Outcome};
use super::opportunity::{Opportunity, OpportunityPatch};
use super::refusal::OpportunityRefusal;
use super::stage::{Stage, StageKind};
use crate::event::changes;
use crate::kernel::text::Note;
use crate::kernel::{Stored, Timestamp};

/// Moves an open deal to another open stage of its pipeline, with changes of its fields in the same step.
///
/// # Errors
/// `StepNotAllowed`, `NotAnOpenStage`, `InStageAlready`, `StageOfOtherPipeline`, `Guarded`, and those of a change.
pub fn move_to(
    row: &mut Stored<Opportunity>,
    from: &Stored<Stage>,
    to: &Stored<Stage>,
    change: OpportunityPatch,
    now: Timestamp,
) -> Result<OpportunityEvent, OpportunityRefusal> {
    check_step(row.status, to.kind, row.status == StageKind::Open)?;
    check_pipeline(row, to)?;
    if to.kind != StageKind::Open {
        return Err(OpportunityRefusal::NotAnOpenStage(to.name.clone()));
    }
    if row.stage_id == to.id {
        return Err(OpportunityRefusal::InStageAlready(to.name.clone()));
    }
    let (own_probability, own_category) = (change.probability, change.forecast_category);
    let mut next = Stored { value: row.value.clone().patched(change)?, ..row.clone() };
    next.value.enter(to, now);
    next.value.probability = own_probability.unwrap_or(to.probability);
    next.value.forecast_category = own_category.unwrap_or(to.forecast_category);
    check_entry(&next, Some(from), to)?;
    Ok(OpportunityEvent::StageChanged(take(row, next, from, to)))
}

/// Wins or loses an open deal, which then stands in a stage of that kind.
///
/// # Errors
/// `StepNotAllowed`, `StageOfOtherKind`, `StageOfOtherPipeline`, `ReasonOfOtherKind`, `ReasonInactive`, `Guarded`.
pub fn close(
    row: &mut Stored<Opportunity>,
    from: &Stored<Stage>,
    to: &Stored<Stage>,
    outcome: Outcome,
    reason: &Stored<CloseReason>,
    note: Option<Note>,
    now: Timestamp,
) -> Result<OpportunityEvent, OpportunityRefusal> {
    check_step(row.status, outcome.stage_kind(), row.status == StageKind::Open)?;
    check_pipeline(row, to)?;
    if to.kind != outcome.stage_kind() {
        return Err(OpportunityRefusal::StageOfOtherKind { stage: to.name.clone(), wanted: outcome.stage_kind() });
    }
    if reason.kind != outcome {
        return Err(OpportunityRefusal::ReasonOfOtherKind(reason.name.clone()));
    }
    if !reason.active {
        return Err(OpportunityRefusal::ReasonInactive(reason.name.clone()));
    }
    let mut next = row.clone();
    next.value.last_open_stage_id = Some(row.stage_id);
    next.value.enter(to, now);
    next.value.closed_at = Some(now);
    next.value.close_reason_id = Some(reason.id);
    next.value.close_note = note;
    check_entry(&next, Some(from), to)?;
    let (step, reason_id) = (take(row, next, from, to), reason.id);
    Ok(match outcome {
        Outcome::Won => OpportunityEvent::Won { step, reason_id },
        Outcome::Lost => OpportunityEvent::Lost { step, reason_id },
    })
}

/// Takes a closed deal up again in the stage that it was closed from. No guard: it has been there before.
///
/// # Errors
/// `StepNotAllowed` when it is open, `NotAnOpenStage`, `StageOfOtherPipeline`.
pub fn reopen(
    row: &mut Stored<Opportunity>,
    from: &Stored<Stage>,
    to: &Stored<Stage>,
    now: Timestamp,
) -> Result<OpportunityEvent, OpportunityRefusal> {
    check_step(row.status, StageKind::Open, row.status != StageKind::Open)?;
    check_pipeline(row, to)?;
    if to.kind != StageKind::Open {
        return Err(OpportunityRefusal::NotAnOpenStage(to.name.clone()));
    }
    let mut next = row.clone();
    next.value.enter(to, now);
    next.value.closed_at = None;
    next.value.close_reason_id = None;
    next.value.close_note = None;
    next.value.last_open_stage_id = None;
    Ok(OpportunityEvent::Reopened(take(row, next, from, to)))
}

/// Puts a deal into a stage of the same kind, of any pipeline; `last_open` takes the place of the one it was closed from.
///
/// # Errors
/// `StageOfOtherKind`, `NotAnOpenStage` for `last_open`.
pub fn relocate(
    row: &mut Stored<Opportunity>,
    from: &Stored<Stage>,
    to: &Stored<Stage>,
    last_open: Option<&Stored<Stage>>,
    now: Timestamp,
) -> Result<Step, OpportunityRefusal> {
    if to.kind != row.status {
        return Err(OpportunityRefusal::StageOfOtherKind { stage: to.name.clone(), wanted: row.status });
    }
    if let Some(last) = last_open.filter(|last| last.kind != StageKind::Open) {
        return Err(OpportunityRefusal::NotAnOpenStage(last.name.clone()));
    }
    let mut next = row.clone();
    if next.stage_id != to.id {
        next.value.enter(to, now);
    }
    if next.last_open_stage_id.is_some() {
        next.value.last_open_stage_id = last_open.map(|stage| stage.id).or(next.last_open_stage_id);
    }
    Ok(take(row, next, from, to))
}

impl Opportunity {
    fn enter(&mut self, stage: &Stored<Stage>, now: Timestamp) {
        self.pipeline_id = stage.pipeline_id;
        self.stage_id = stage.id;
        self.status = stage.kind;
        self.probability = stage.probability;
        self.forecast_category = stage.forecast_category;
        self.stage_entered_at = now;
    }
}

fn check_step(from: StageKind, to: StageKind, allowed: bool) -> Result<(), OpportunityRefusal> {
    if allowed { Ok(()) } else { Err(OpportunityRefusal::StepNotAllowed { from, to }) }
}

fn check_pipeline(row: &Stored<Opportunity>, to: &Stored<Stage>) -> Result<(), OpportunityRefusal> {
    if row.pipeline_id == to.pipeline_id {
        Ok(())
    } else {
        Err(OpportunityRefusal::StageOfOtherPipeline(to.name.clone()))
    }
}

/// Makes the row what it shall be, and tells what changed.
fn take(row: &mut Stored<Opportunity>, next: Stored<Opportunity>, from: &Stored<Stage>, to: &Stored<Stage>) -> Step {
    let changes = changes(&row.value, &next.value);
    *row = next;
    Step { from: from.into(), to: to.into(), changes }
}
