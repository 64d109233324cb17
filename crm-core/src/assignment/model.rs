//! The rule, what it takes to write one, and what assignment refuses and says.

use serde::{Deserialize, Serialize};

use crate::access::MemberId;
use crate::kernel::text::Name;
use crate::kernel::{
    Column, DomainEvent, Entity, Explanation, Field, FieldProblem, Id, Kind, Predicate, Rule, Stored, ValueRef,
};
use crate::lead::Lead;

/// Identifier of an assignment rule.
pub type AssignmentRuleId = Id<AssignmentRule>;

/// Who takes turns at the leads that match.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AssignmentRule {
    /// Name, unique within the list.
    pub name: Name,
    /// Whether it takes part.
    pub active: bool,
    /// Place in the list, from 0. The first active rule that matches wins.
    pub position: i64,
    /// Which leads; every lead, when there is none.
    pub condition: Option<Predicate<Lead>>,
    /// Who takes turns.
    pub members: Vec<RuleMember>,
}

/// A member who takes turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RuleMember {
    /// Who.
    pub member_id: MemberId,
    /// Their share, relative to the others'; 1 to 1000.
    pub weight: i64,
}

impl RuleMember {
    /// A member with a share of one.
    #[must_use]
    pub const fn equal(member_id: MemberId) -> Self {
        Self { member_id, weight: 1 }
    }
}

/// A rule as it is to stand in the list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RuleDraft {
    /// The rule that it replaces, whose rotation goes on; a new rule when there is none.
    #[serde(default)]
    pub replaces: Option<RuleVersion>,
    /// See [`AssignmentRule::name`].
    pub name: Name,
    /// See [`AssignmentRule::active`].
    #[serde(default = "yes")]
    pub active: bool,
    /// See [`AssignmentRule::condition`].
    #[serde(default)]
    pub condition: Option<Predicate<Lead>>,
    /// See [`AssignmentRule::members`].
    pub members: Vec<RuleMember>,
}

fn yes() -> bool {
    true
}

/// A rule in the version that the caller has seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RuleVersion {
    /// The rule.
    pub id: AssignmentRuleId,
    /// Its version.
    pub version: i64,
}

impl RuleDraft {
    /// A new active rule for leads that match.
    #[must_use]
    pub fn when(name: Name, condition: Predicate<Lead>, members: Vec<RuleMember>) -> Self {
        Self { replaces: None, name, active: true, condition: Some(condition), members }
    }

    /// A new active rule for every lead.
    #[must_use]
    pub fn catch_all(name: Name, members: Vec<RuleMember>) -> Self {
        Self { replaces: None, name, active: true, condition: None, members }
    }

    /// The rule at its place in the list.
    pub(super) fn at(self, position: i64) -> AssignmentRule {
        let Self { name, active, condition, members, .. } = self;
        AssignmentRule { name, active, position, condition, members }
    }
}

impl AssignmentRule {
    /// Whether it takes part.
    pub const ACTIVE: Column<Self, bool> = Column::required("active", |row| ValueRef::Bool(row.active));

    /// Whether it matches every lead.
    #[must_use]
    pub fn is_catch_all(&self) -> bool {
        match &self.condition {
            None => true,
            Some(Predicate::All(parts)) => parts.is_empty(),
            Some(_) => false,
        }
    }

    /// Whether it matches this lead.
    #[must_use]
    pub fn matches(&self, lead: &Stored<Lead>) -> bool {
        self.condition.as_ref().is_none_or(|condition| condition.matches(lead))
    }
}

/// The first active rule that matches, of a list sorted by position.
#[must_use]
pub fn first_match<'a>(rules: &'a [Stored<AssignmentRule>], lead: &Stored<Lead>) -> Option<&'a Stored<AssignmentRule>> {
    rules.iter().find(|rule| rule.active && rule.matches(lead))
}

impl Entity for AssignmentRule {
    const NAME: &'static str = "assignment_rule";
    const SETUP: bool = true;
    const FIELDS: &'static [Field<Self>] = &[Self::ACTIVE.field()];
}

/// What happens to assignment rules.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AssignmentRuleEvent {
    /// It was added to the list.
    Created,
    /// It was replaced or has another place.
    Changed,
    /// It was taken out of the list.
    Deleted,
}

impl DomainEvent for AssignmentRuleEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Created => "assignment_rule.created",
            Self::Changed => "assignment_rule.changed",
            Self::Deleted => "assignment_rule.deleted",
        }
    }
}

/// What assignment says of leads, beside `lead.assigned`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AssignmentEvent {
    /// Nobody could take it; it is given away as soon as someone can.
    Waiting {
        /// The rule that matched.
        rule_id: AssignmentRuleId,
        /// Who was passed over and why.
        why: Explanation,
    },
}

impl DomainEvent for AssignmentEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Waiting { .. } => "lead.assignment_waiting",
        }
    }
}

/// What assignment refuses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AssignmentRefusal {
    /// A lead could match no rule.
    #[error("the last active rule must match every lead, so that none falls through; add a rule without a condition")]
    NoCatchAll,
    /// An inactive member can't work on leads.
    #[error("{0} is deactivated and cannot be given leads; activate them or choose someone else")]
    MemberInactive(String),
    /// There is nobody to give it to.
    #[error("nobody can take the lead now, so it stays as it is")]
    NobodyElse(Box<Explanation>),
}

impl Rule for AssignmentRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::NoCatchAll => "assignment_rule.no_catch_all",
            Self::MemberInactive(_) => "assignment.member_inactive",
            Self::NobodyElse(_) => "assignment.nobody_else",
        }
    }
    fn kind(&self) -> Kind {
        match self {
            Self::NoCatchAll => Kind::Invalid,
            Self::MemberInactive(_) | Self::NobodyElse(_) => Kind::Conflict,
        }
    }
    fn fields(&self) -> Vec<FieldProblem> {
        match self {
            Self::NoCatchAll => vec![FieldProblem::of("rules", self)],
            Self::MemberInactive(_) => vec![FieldProblem::of("member_id", self)],
            Self::NobodyElse(_) => Vec::new(),
        }
    }
    fn explanation(&self) -> Option<Explanation> {
        match self {
            Self::NobodyElse(why) => Some(why.as_ref().clone()),
            Self::NoCatchAll | Self::MemberInactive(_) => None,
        }
    }
}
