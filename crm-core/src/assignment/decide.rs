//! The decision: which rule, who, and why not the others. Pure.

use serde::Serialize;

use super::model::{AssignmentRule, AssignmentRuleId, RuleMember, first_match};
use super::rotation::{Rotation, Turn};
use super::staff::{Obstacle, Skipped, Staff};
use crate::access::MemberId;
use crate::kernel::{Explanation, Stored, Timestamp};
use crate::lead::Lead;

/// Who is to get a lead, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Assignment {
    /// The rule that matched; none when there are no rules, or when the lead was not to be assigned.
    pub rule_id: Option<AssignmentRuleId>,
    /// Who gets it; nobody, when nobody could take it.
    pub member_id: Option<MemberId>,
    /// Who was passed over, and why.
    pub skipped: Vec<Skipped>,
    /// All of that in words.
    pub explanation: Explanation,
}

impl Assignment {
    /// Nothing is to be done, for this reason.
    #[must_use]
    pub fn none(reason: impl Into<String>) -> Self {
        Self { rule_id: None, member_id: None, skipped: Vec::new(), explanation: Explanation::new(reason) }
    }

    /// The rule for whose members the lead waits, when it does.
    #[must_use]
    pub fn waits_for(&self) -> Option<AssignmentRuleId> {
        self.rule_id.filter(|_| self.member_id.is_none())
    }
}

/// Decides who is next for a lead. Takes no turn.
///
/// `rules` are sorted by position; a rule without a rotation among `rotations` begins at nothing. `except` is passed over:
/// whoever has the lead already.
#[must_use]
pub fn decide(
    rules: &[Stored<AssignmentRule>],
    rotations: &[Rotation],
    staff: &Staff,
    lead: &Stored<Lead>,
    except: Option<MemberId>,
    now: Timestamp,
) -> Assignment {
    let Some(rule) = first_match(rules, lead) else {
        let reason = if rules.iter().any(|rule| rule.active) { "no assignment rule matches" } else { NO_RULES };
        return Assignment::none(reason);
    };
    let fresh = Rotation::new(rule.id);
    let rotation = rotations.iter().find(|one| one.rule_id == rule.id).unwrap_or(&fresh);
    let (eligible, skipped) = divide(rule, staff, except, now);
    explain(rule, staff, rotation.next(&eligible), skipped)
}

/// The members of a rule who can take a lead now, and those who can't.
pub(super) fn divide(
    rule: &AssignmentRule,
    staff: &Staff,
    except: Option<MemberId>,
    now: Timestamp,
) -> (Vec<RuleMember>, Vec<Skipped>) {
    let mut eligible = Vec::with_capacity(rule.members.len());
    let mut skipped = Vec::new();
    for member in &rule.members {
        let member_id = member.member_id;
        let has_it = (except == Some(member_id)).then_some(Obstacle::HasItAlready);
        match has_it.or_else(|| staff.obstacle(member_id, now)) {
            Some(because) => skipped.push(Skipped { member_id, name: staff.name(member_id), because }),
            None => eligible.push(*member),
        }
    }
    (eligible, skipped)
}

/// The decision in words.
pub(super) fn explain(
    rule: &Stored<AssignmentRule>,
    staff: &Staff,
    next: Option<Turn>,
    skipped: Vec<Skipped>,
) -> Assignment {
    let text = match next {
        Some(turn) => format!(
            "rule '{}' gives it to {}, who is furthest behind their share with {} turns at weight {}",
            rule.name,
            staff.name(turn.member_id),
            turn.count,
            turn.weight
        ),
        None => format!("rule '{}' matches, but nobody of it can take the lead now; it waits", rule.name),
    };
    let passed_over =
        skipped.iter().map(|one| Explanation::new(format!("{} was passed over: {}", one.name, one.because)));
    let explanation = Explanation::new(text).because_all(passed_over);
    Assignment { rule_id: Some(rule.id), member_id: next.map(|turn| turn.member_id), skipped, explanation }
}

const NO_RULES: &str = "there are no active assignment rules, so the lead stays without an owner";
