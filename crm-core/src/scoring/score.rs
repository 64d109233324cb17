//! A score with its reasons.

use serde::Serialize;

use super::model::{Group, ScoringRuleId};
use crate::kernel::text::Name;
use crate::kernel::{Explanation, Timestamp};

/// The score of a lead at an instant: the sum of its rules' totals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Score {
    /// The sum of all contributions.
    pub total: i64,
    /// The instant for which it was computed.
    pub at: Timestamp,
    /// The active rules, by position.
    pub rules: Vec<RuleScore>,
    /// When points fade next; before that the score stays what it is unless something happens. Nothing, when there is
    /// nothing left to fade.
    pub next_change_at: Option<Timestamp>,
}

/// What one rule gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RuleScore {
    /// The rule.
    pub rule_id: ScoringRuleId,
    /// Its name.
    pub name: Name,
    /// The sum of its contributions.
    pub total: i64,
    /// What adds to the total or takes from it. Criteria that do neither are left out.
    pub contributions: Vec<Contribution>,
}

/// A part of a total, in whole points.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Contribution {
    /// Name of the criterion, or what limited others: `most demographic points`, `highest total`, `lowest total`.
    pub criterion: String,
    /// The group that it belongs to; none for the bounds of the total.
    pub group: Option<Group>,
    /// What it adds.
    pub points: i64,
    /// Why, with the values that were looked at.
    pub why: String,
}

impl Score {
    /// A score of nothing: that of a lead before it came in.
    #[must_use]
    pub fn none(at: Timestamp) -> Self {
        Self { total: 0, at, rules: Vec::new(), next_change_at: None }
    }

    /// All contributions, which add up to the total.
    pub fn contributions(&self) -> impl Iterator<Item = &Contribution> {
        self.rules.iter().flat_map(|rule| &rule.contributions)
    }

    /// The score as a tree of reasons: the total, behind it the rules, behind each its contributions.
    #[must_use]
    pub fn explanation(&self) -> Explanation {
        let rules = self.rules.iter().map(RuleScore::explanation);
        Explanation::weighing(format!("score at {}", self.at), self.total).because_all(rules)
    }
}

impl RuleScore {
    /// The rule's total and behind it its contributions.
    #[must_use]
    pub fn explanation(&self) -> Explanation {
        let contributions = self.contributions.iter().map(|contribution| {
            let text = format!("{}: {}", contribution.criterion, contribution.why);
            Explanation::weighing(text, contribution.points)
        });
        Explanation::weighing(self.name.as_str(), self.total).because_all(contributions)
    }
}
