//! What happens to deals. Where they stood at any time is derived from these events alone.

use serde::{Deserialize, Serialize};

use super::model::CloseReasonId;
use super::opportunity::Opportunity;
use super::participant::OpportunityRole;
use super::stage::{ForecastCategory, Probability, Stage, StageId, StageKind};
use crate::access::MemberId;
use crate::event::Change;
use crate::kernel::money::Money;
use crate::kernel::text::Name;
use crate::kernel::{Date, DomainEvent, Stored, Timestamp};
use crate::people::ContactId;

/// A stage as it was when something happened; it may be gone or renamed since.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageRef {
    /// The stage.
    pub id: StageId,
    /// What it was called.
    pub name: Name,
    /// What standing there meant.
    pub kind: StageKind,
}

impl From<&Stored<Stage>> for StageRef {
    fn from(stage: &Stored<Stage>) -> Self {
        Self { id: stage.id, name: stage.name.clone(), kind: stage.kind }
    }
}

/// From where to where a deal went, and which of its fields changed with it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Where it stood.
    pub from: StageRef,
    /// Where it stands.
    pub to: StageRef,
    /// Which fields were changed, from what to what.
    pub changes: Vec<Change>,
}

/// What a forecast knew of a deal when it began.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Beginning {
    /// Where it began.
    pub stage: StageRef,
    /// What it was worth.
    pub amount: Money,
    /// How likely it was won.
    pub probability: Probability,
    /// How it counted.
    pub forecast_category: ForecastCategory,
    /// When it was expected to be won.
    pub expected_close: Option<Date>,
    /// Who was responsible.
    pub owner_id: Option<MemberId>,
}

impl Beginning {
    pub(super) fn of(opportunity: &Opportunity, stage: StageRef) -> Self {
        Self {
            stage,
            amount: opportunity.amount(),
            probability: opportunity.probability,
            forecast_category: opportunity.forecast_category,
            expected_close: opportunity.expected_close,
            owner_id: opportunity.owner_id,
        }
    }
}

/// What happens to deals.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OpportunityEvent {
    /// It came up.
    Created(Beginning),
    /// Its fields were changed.
    Changed {
        /// Which, from what to what.
        changes: Vec<Change>,
    },
    /// It went to another open stage.
    StageChanged(Step),
    /// It went to another pipeline.
    PipelineChanged(Step),
    /// Its stage was removed from the pipeline and another took its place.
    StageReplaced(Step),
    /// The customer has bought.
    Won {
        /// The way it went.
        step: Step,
        /// Why.
        reason_id: CloseReasonId,
    },
    /// The customer has not.
    Lost {
        /// The way it went.
        step: Step,
        /// Why.
        reason_id: CloseReasonId,
    },
    /// It is worked on again.
    Reopened(Step),
    /// Somebody spoke with the customer.
    Touched {
        /// When.
        at: Timestamp,
    },
    /// A contact has a part in it, or another part than before.
    ContactAdded {
        /// The contact.
        contact_id: ContactId,
        /// The part.
        role: OpportunityRole,
    },
    /// A contact has no part in it any more.
    ContactRemoved {
        /// The contact.
        contact_id: ContactId,
    },
    /// It was removed.
    Deleted,
}

impl OpportunityEvent {
    /// The stage that the deal came from, and the one that it came to, when this is about stages.
    #[must_use]
    pub fn stages(&self) -> Option<(Option<&StageRef>, &StageRef)> {
        match self {
            Self::Created(beginning) => Some((None, &beginning.stage)),
            Self::StageChanged(step)
            | Self::PipelineChanged(step)
            | Self::StageReplaced(step)
            | Self::Reopened(step)
            | Self::Won { step, .. }
            | Self::Lost { step, .. } => Some((Some(&step.from), &step.to)),
            Self::Changed { .. }
            | Self::Touched { .. }
            | Self::ContactAdded { .. }
            | Self::ContactRemoved { .. }
            | Self::Deleted => None,
        }
    }
}

impl DomainEvent for OpportunityEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Created(_) => "opportunity.created",
            Self::Changed { .. } => "opportunity.changed",
            Self::StageChanged(_) => "opportunity.stage_changed",
            Self::PipelineChanged(_) => "opportunity.pipeline_changed",
            Self::StageReplaced(_) => "opportunity.stage_replaced",
            Self::Won { .. } => "opportunity.won",
            Self::Lost { .. } => "opportunity.lost",
            Self::Reopened(_) => "opportunity.reopened",
            Self::Touched { .. } => "opportunity.touched",
            Self::ContactAdded { .. } => "opportunity.contact_added",
            Self::ContactRemoved { .. } => "opportunity.contact_removed",
            Self::Deleted => "opportunity.deleted",
        }
    }
}
