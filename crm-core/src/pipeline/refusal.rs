//! What deals refuse.

use super::guard::GuardRefusal;
use super::opportunity::OpportunityStatus;
use crate::kernel::money::Money;
use crate::kernel::text::Name;
use crate::kernel::{Explanation, FieldProblem, Kind, Rule};

/// What a deal refuses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpportunityRefusal {
    /// A deal is not worth less than nothing.
    #[error("the amount {0} is negative; give 0 or more")]
    NegativeAmount(Money),
    /// Only won deals count as closed.
    #[error("an open deal cannot be in the forecast category 'closed'; win it, or choose another category")]
    OnlyWonIsClosed,
    /// A deal begins, and is moved, among open stages.
    #[error("'{0}' is not an open stage; deals get there by being won or lost, with a reason")]
    NotAnOpenStage(Name),
    /// The table of states has no such step.
    #[error("a deal that is {} cannot become {}{}", from.as_str(), to.as_str(), remedy(*from))]
    StepNotAllowed {
        /// The state it is in.
        from: OpportunityStatus,
        /// The state it should go to.
        to: OpportunityStatus,
    },
    /// What a deal was closed with stays.
    #[error("the deal is {}, so its {field} stays as it is; reopen it first", status.as_str())]
    Frozen {
        /// The state it is in.
        status: OpportunityStatus,
        /// The field that should change.
        field: &'static str,
    },
    /// It stands there already.
    #[error("the deal stands in '{0}' already")]
    InStageAlready(Name),
    /// The stage belongs to another pipeline than the deal.
    #[error("'{0}' is a stage of another pipeline; name a stage of the deal's own, or move the deal to that pipeline")]
    StageOfOtherPipeline(Name),
    /// It should be closed into a stage of the wrong kind.
    #[error("'{stage}' is not a {} stage; name one, or none", wanted.as_str())]
    StageOfOtherKind {
        /// The stage.
        stage: Name,
        /// The kind that it should have.
        wanted: OpportunityStatus,
    },
    /// The reason explains the other outcome.
    #[error("'{0}' is a reason for the other outcome; choose one for this")]
    ReasonOfOtherKind(Name),
    /// The reason is not given any more.
    #[error("the reason '{0}' is not active; choose another")]
    ReasonInactive(Name),
    /// Something is missing to enter a stage.
    #[error(transparent)]
    Guarded(#[from] GuardRefusal),
}

fn remedy(from: OpportunityStatus) -> &'static str {
    if from == OpportunityStatus::Open { "" } else { "; reopen it first" }
}

impl Rule for OpportunityRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::NegativeAmount(_) => "opportunity.negative_amount",
            Self::OnlyWonIsClosed => "opportunity.only_won_is_closed",
            Self::NotAnOpenStage(_) => "opportunity.not_an_open_stage",
            Self::StepNotAllowed { .. } => "opportunity.step_not_allowed",
            Self::Frozen { .. } => "opportunity.frozen",
            Self::InStageAlready(_) => "opportunity.in_stage_already",
            Self::StageOfOtherPipeline(_) => "opportunity.stage_of_other_pipeline",
            Self::StageOfOtherKind { .. } => "opportunity.stage_of_other_kind",
            Self::ReasonOfOtherKind(_) => "opportunity.reason_of_other_kind",
            Self::ReasonInactive(_) => "opportunity.reason_inactive",
            Self::Guarded(guard) => guard.code(),
        }
    }
    fn kind(&self) -> Kind {
        match self {
            Self::NegativeAmount(_)
            | Self::OnlyWonIsClosed
            | Self::StageOfOtherPipeline(_)
            | Self::StageOfOtherKind { .. }
            | Self::ReasonOfOtherKind(_) => Kind::Invalid,
            _ => Kind::Conflict,
        }
    }
    fn fields(&self) -> Vec<FieldProblem> {
        match self {
            Self::Guarded(guard) => guard.fields(),
            Self::NegativeAmount(_) => vec![FieldProblem::of("amount", self)],
            Self::OnlyWonIsClosed => vec![FieldProblem::of("forecast_category", self)],
            Self::Frozen { field, .. } => vec![FieldProblem::of(*field, self)],
            Self::ReasonOfOtherKind(_) | Self::ReasonInactive(_) => vec![FieldProblem::of("reason_id", self)],
            Self::NotAnOpenStage(_)
            | Self::InStageAlready(_)
            | Self::StageOfOtherPipeline(_)
            | Self::StageOfOtherKind { .. } => vec![FieldProblem::of("stage_id", self)],
            Self::StepNotAllowed { .. } => Vec::new(),
        }
    }
    fn explanation(&self) -> Option<Explanation> {
        if let Self::Guarded(guard) = self { guard.explanation() } else { None }
    }
}
