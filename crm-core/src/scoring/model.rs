//! The rule: its criteria, bounds, decay and threshold.

use serde::{Deserialize, Serialize};

use super::engagement::EngagementKind;
use crate::kernel::text::Label;
use crate::kernel::text::Name;
use crate::kernel::{Column, DomainEvent, Entity, Field, Id, Key, Predicate, Value, ValueRef};
use crate::lead::Lead;

/// Identifier of a scoring rule.
pub type ScoringRuleId = Id<ScoringRule>;

/// A sheet of criteria with bounds on what they add up to. Rules are switched off rather than removed, so that past
/// scores can be computed again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ScoringRule {
    /// Name, unique within the organization.
    pub name: Name,
    /// Whether it counts.
    pub active: bool,
    /// Place among the rules, from 0.
    pub position: i64,
    /// What earns or costs points.
    pub criteria: Vec<Criterion>,
    /// The most that each group may add.
    pub group_caps: GroupCaps,
    /// The total is never below this.
    pub lowest: Option<i64>,
    /// The total is never above this.
    pub highest: Option<i64>,
    /// How the points of engagements fade; they do not when there is none.
    pub decay: Option<Decay>,
    /// The total at which the lead deserves attention.
    pub threshold: Option<Threshold>,
}

/// What it takes to make or replace a scoring rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each field is that of the rule")]
pub struct NewScoringRule {
    pub name: Name,
    #[serde(default = "yes")]
    pub active: bool,
    #[serde(default)]
    pub position: i64,
    pub criteria: Vec<Criterion>,
    #[serde(default)]
    pub group_caps: GroupCaps,
    #[serde(default)]
    pub lowest: Option<i64>,
    #[serde(default)]
    pub highest: Option<i64>,
    #[serde(default)]
    pub decay: Option<Decay>,
    #[serde(default)]
    pub threshold: Option<Threshold>,
}

fn yes() -> bool {
    true
}

/// Something that earns or costs points.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Criterion {
    /// Name for people, unique within the rule.
    pub name: Label,
    /// What it adds when it holds, or for each engagement; negative to subtract. -1000 to 1000, not 0.
    pub points: i64,
    /// What it looks at.
    pub when: Basis,
}

/// What a criterion looks at, which is also the group that it belongs to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// Who the person is.
    Demographic(Predicate<Lead>),
    /// What the company is.
    Firmographic(Predicate<Lead>),
    /// What they did.
    Behavioural(Behaviour),
}

/// Engagements of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Behaviour {
    /// The kind.
    pub kind: EngagementKind,
    /// Whether each counts, or one only.
    pub counts: Counting,
    /// The most that they add together, in points without sign; 1 or more.
    #[serde(default)]
    pub cap: Option<i64>,
}

/// Which engagements of a kind count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Counting {
    /// The latest only.
    Once,
    /// Every one.
    Each,
}

/// The three groups of criteria.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = CriterionGroup))]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// Who the person is.
    Demographic,
    /// What the company is.
    Firmographic,
    /// What they did.
    Behavioural,
}

impl Group {
    /// All of them.
    pub const ALL: &'static [Self] = &[Self::Demographic, Self::Firmographic, Self::Behavioural];

    /// The name in JSON and for people.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Demographic => "demographic",
            Self::Firmographic => "firmographic",
            Self::Behavioural => "behavioural",
        }
    }
}

/// The most points that the criteria of each group may add together; no limit where there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "each field is the group with its name")]
pub struct GroupCaps {
    pub demographic: Option<i64>,
    pub firmographic: Option<i64>,
    pub behavioural: Option<i64>,
}

impl GroupCaps {
    /// The most points of a group.
    #[must_use]
    pub const fn of(&self, group: Group) -> Option<i64> {
        match group {
            Group::Demographic => self.demographic,
            Group::Firmographic => self.firmographic,
            Group::Behavioural => self.behavioural,
        }
    }
}

/// How the points of engagements fade: by a share of what is left, at the end of each full period.
///
/// `points · (1 − rate)^⌊passed / period⌋`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Decay {
    /// The share that is lost in each period, in hundredths of a percent: 2500 is 25 %. 100 to 10000.
    pub basis_points: i64,
    /// Length of a period in days of 24 hours; 1 to 3650.
    pub period_days: i64,
    /// Since when time passes.
    #[serde(default)]
    pub since: DecayStart,
}

/// Since when time passes for the fading of an engagement's points.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum DecayStart {
    /// Since the engagement itself.
    #[default]
    Engagement,
    /// Since the lead's latest engagement of any kind that the rule counts: points fade only while the lead is silent.
    LatestEngagement,
}

impl Default for Decay {
    /// A quarter every 30 days, counted from each engagement.
    fn default() -> Self {
        Self { basis_points: 2_500, period_days: 30, since: DecayStart::Engagement }
    }
}

/// The total at which a lead deserves attention, and the lower one below which it no longer does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Threshold {
    /// Reached at this total or more.
    pub at: i64,
    /// Left below this total; lower than `at`, so that a total that swings around `at` is told of once.
    pub release: i64,
}

impl Basis {
    /// The group that the criterion belongs to.
    #[must_use]
    pub const fn group(&self) -> Group {
        match self {
            Self::Demographic(_) => Group::Demographic,
            Self::Firmographic(_) => Group::Firmographic,
            Self::Behavioural(_) => Group::Behavioural,
        }
    }

    /// The condition on the lead, unless it is about engagements.
    #[must_use]
    pub const fn condition(&self) -> Option<&Predicate<Lead>> {
        match self {
            Self::Demographic(condition) | Self::Firmographic(condition) => Some(condition),
            Self::Behavioural(_) => None,
        }
    }

    /// The engagements, unless it is about the lead itself.
    #[must_use]
    pub const fn behaviour(&self) -> Option<&Behaviour> {
        match self {
            Self::Behavioural(behaviour) => Some(behaviour),
            Self::Demographic(_) | Self::Firmographic(_) => None,
        }
    }
}

impl ScoringRule {
    /// Name of the rule.
    pub const NAME_FIELD: Column<Self, String> = Column::required("name", |row| ValueRef::Text(row.name.as_str()));
    /// Whether it counts.
    pub const ACTIVE: Column<Self, bool> = Column::required("active", |row| ValueRef::Bool(row.active));

    /// A rule as it is written; [`ScoringRule::check`] says whether it may be saved.
    #[must_use]
    pub fn new(new: NewScoringRule) -> Self {
        Self {
            name: new.name,
            active: new.active,
            position: new.position,
            criteria: new.criteria,
            group_caps: new.group_caps,
            lowest: new.lowest,
            highest: new.highest,
            decay: new.decay,
            threshold: new.threshold,
        }
    }
}

impl Entity for ScoringRule {
    const NAME: &'static str = "scoring_rule";
    const SETUP: bool = true;
    const FIELDS: &'static [Field<Self>] = &[Self::NAME_FIELD.field(), Self::ACTIVE.field()];
    const UNIQUE: &'static [Key<Self>] = &[Key {
        name: "name",
        columns: &["name"],
        read: |rule| Some(vec![Value::Text(rule.name.as_str().to_owned())]),
    }];
}

/// What happens to scoring rules.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ScoringRuleEvent {
    /// It was made.
    Created,
    /// It was replaced. The whole rule as it was, so that past scores can be computed again.
    Changed {
        /// The rule before.
        before: Box<ScoringRule>,
    },
}

impl DomainEvent for ScoringRuleEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Created => "scoring_rule.created",
            Self::Changed { .. } => "scoring_rule.changed",
        }
    }
}
