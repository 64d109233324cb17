//! Which leads are above a threshold, and what scoring says of leads.

use serde::{Deserialize, Serialize};

use super::engagement::{EngagementId, EngagementKind};
use super::model::{ScoringRule, ScoringRuleId};
use crate::kernel::{
    Column, DomainEvent, Entity, Explanation, Field, Id, Key, Part, Reference, Timestamp, Value, ValueRef,
};
use crate::lead::{LeadId, SCORED};

/// Whether a lead is above the threshold of a rule. Kept so that a crossing is told of once; made at the first one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ScoreState {
    /// The lead. Not a foreign key: the state does not keep a lead from being removed.
    pub lead_id: LeadId,
    /// The rule whose threshold it is.
    pub rule_id: ScoringRuleId,
    /// Whether the threshold was reached and not left since.
    pub above: bool,
    /// When it was last reached or left.
    pub crossed_at: Timestamp,
}

impl ScoreState {
    /// The lead.
    pub const LEAD: Column<Self, LeadId> = Column::required_key("lead_id", |row| ValueRef::Uuid(row.lead_id.uuid()));
    /// Whether the threshold was reached and not left since.
    pub const ABOVE: Column<Self, bool> = Column::required("above", |row| ValueRef::Bool(row.above));
}

impl Entity for ScoreState {
    const NAME: &'static str = "score_state";
    const FIELDS: &'static [Field<Self>] = &[Self::LEAD.field(), Self::ABOVE.field()];
    const UNIQUE: &'static [Key<Self>] = &[Key {
        name: "lead_rule",
        columns: &["lead_id", "rule_id"],
        read: |state| Some(vec![Value::Uuid(state.lead_id.uuid()), Value::Uuid(state.rule_id.uuid())]),
    }];
    const REFERENCES: &'static [Reference<Self>] =
        &[Reference { column: "rule_id", target: ScoringRule::NAME, read: |state| Some(Id::uuid(state.rule_id)) }];
}
impl Part for ScoreState {}

/// What scoring says of leads.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ScoringEvent {
    /// They did something.
    Engaged {
        /// The record of it.
        engagement_id: EngagementId,
        /// What was done.
        kind: EngagementKind,
        /// When.
        occurred_at: Timestamp,
    },
    /// The score is another one than it was. The first score of a new lead is part of `lead.created`.
    Scored {
        /// The copy before.
        from: i64,
        /// The score now.
        to: i64,
        /// What it is made of.
        why: Explanation,
    },
    /// The total of a rule has reached its threshold.
    ThresholdReached {
        /// The rule.
        rule_id: ScoringRuleId,
        /// The threshold.
        threshold: i64,
        /// The rule's total.
        total: i64,
        /// What it is made of.
        why: Explanation,
    },
    /// The total of a rule has fallen below the release of its threshold.
    ThresholdLeft {
        /// The rule.
        rule_id: ScoringRuleId,
        /// The total below which it is left.
        release: i64,
        /// The rule's total.
        total: i64,
        /// What it is made of.
        why: Explanation,
    },
}

impl DomainEvent for ScoringEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Engaged { .. } => "lead.engaged",
            Self::Scored { .. } => SCORED,
            Self::ThresholdReached { .. } => "lead.score_threshold_reached",
            Self::ThresholdLeft { .. } => "lead.score_threshold_left",
        }
    }
}
