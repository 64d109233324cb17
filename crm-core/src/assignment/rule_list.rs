//! Whether a list of rules may be saved, and what looks wrong in it.

use std::collections::BTreeSet;

use serde::Serialize;

use super::model::{AssignmentRefusal, AssignmentRule};
use crate::access::MemberId;
use crate::custom_field::Schema;
use crate::kernel::{Error, FieldProblem, InvalidInput};

/// The most rules of a list, and the most members of a rule.
const MOST: usize = 500;

/// A rule that can never win.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RuleWarning {
    /// Place of the rule in the list, from 0.
    pub position: usize,
    /// Name of the rule.
    pub name: String,
    /// Why it never wins.
    pub problem: String,
}

/// Checks a list of rules in their order.
///
/// # Errors
/// `InvalidInput` that names every problem, for example `rules[1].members[0].weight`; `NoCatchAll`.
pub fn check_rules(rules: &[AssignmentRule], members: &BTreeSet<MemberId>, schema: &Schema) -> Result<(), Error> {
    let mut problems = Vec::new();
    if rules.len() > MOST {
        let message = format!("{} rules; at most {MOST} are kept", rules.len());
        problems.push(FieldProblem::new("rules", "assignment_rule.too_many", message));
    }
    let mut names = BTreeSet::new();
    for (index, rule) in rules.iter().enumerate() {
        let mut problem = |part: &str, code: &str, message: String| {
            let field = format!("rules[{index}].{part}");
            problems.push(FieldProblem::new(field, format!("assignment_rule.{code}"), message));
        };
        if !names.insert(rule.name.as_str()) {
            problem("name", "doubled_name", format!("another rule is named '{}' already; name each once", rule.name));
        }
        if let Some(condition) = &rule.condition
            && let Err(refusal) = schema.check_condition(condition)
        {
            problem("condition", "unusable_condition", refusal.to_string());
        }
        if rule.members.is_empty() || rule.members.len() > MOST {
            problem("members", "members_count", format!("{} members; give 1 to {MOST}", rule.members.len()));
        }
        let mut once = BTreeSet::new();
        for (place, member) in rule.members.iter().enumerate() {
            let at = |part: &str| format!("members[{place}].{part}");
            if !(1..=1_000).contains(&member.weight) {
                problem(&at("weight"), "weight_out_of_range", format!("{}; give 1 to 1000", member.weight));
            }
            if !members.contains(&member.member_id) {
                let message = format!("the organization has no member {}", member.member_id);
                problem(&at("member_id"), "unknown_member", message);
            }
            if !once.insert(member.member_id) {
                let message = "the member is in the rule already; give them a greater weight instead".to_owned();
                problem(&at("member_id"), "doubled_member", message);
            }
        }
    }
    InvalidInput::check(problems)?;
    let last = rules.iter().rfind(|rule| rule.active);
    if last.is_some_and(|last| !last.is_catch_all()) {
        return Err(AssignmentRefusal::NoCatchAll.into());
    }
    Ok(())
}

/// Active rules that can never win: behind a catch-all, or with the condition of an earlier one.
#[must_use]
pub fn warnings(rules: &[AssignmentRule]) -> Vec<RuleWarning> {
    let mut earlier: Vec<&AssignmentRule> = Vec::new();
    let mut warnings = Vec::new();
    for (position, rule) in rules.iter().enumerate().filter(|(_, rule)| rule.active) {
        let shadow = earlier.iter().find_map(|before| {
            if before.is_catch_all() {
                Some(format!("'{}' before it matches every lead", before.name))
            } else if before.condition == rule.condition {
                Some(format!("'{}' before it has the same condition", before.name))
            } else {
                None
            }
        });
        warnings.extend(shadow.map(|problem| RuleWarning { position, name: rule.name.to_string(), problem }));
        earlier.push(rule);
    }
    warnings
}
