//! Whose turn it is: stride scheduling with whole numbers.
//!
//! A member's *ratio* is turns taken over weight. The eligible member with the lowest ratio is next, ties go to the lower
//! identifier. So the ratio of whoever has just been picked was the lowest, and is now above any other's by at most one
//! turn over their weight: for members who are eligible throughout, `nᵢ/wᵢ − nⱼ/wⱼ ≤ 1/wᵢ` at every prefix; with equal
//! weights counts differ by at most one.
//!
//! `level` is the lowest ratio among those who were eligible at the last turn. It only rises. Whoever was away and is
//! below it when they return, or is new, or has a new weight, is lifted to the first whole turn at or above it: the
//! bound holds again at once, and an absence banks no turns. That is what keeps a return from being a burst.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::model::{AssignmentRule, AssignmentRuleId, RuleMember};
use crate::access::MemberId;
use crate::kernel::{Column, Entity, Field, Id, Key, Part, Reference, Value, ValueRef};

/// The turns that the members of a rule have taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rotation {
    /// The rule.
    pub rule_id: AssignmentRuleId,
    /// Where each member stands, sorted by identifier.
    turns: Vec<Turn>,
    /// The lowest ratio of turns to weight among those who were eligible at the last turn.
    level: Ratio,
}

/// Where a member stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Turn {
    /// Who.
    pub member_id: MemberId,
    /// Their weight when they last took a turn.
    pub weight: i64,
    /// Turns taken, and those that absence has cost.
    pub count: i64,
}

/// Turns over weight. The weight is never zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Ratio {
    turns: i64,
    weight: i64,
}

impl Ratio {
    const ZERO: Self = Self { turns: 0, weight: 1 };

    fn compare(self, other: Self) -> Ordering {
        // Cross multiplied, so that nothing is rounded.
        let (left, right) = (i128::from(self.turns), i128::from(other.turns));
        (left * i128::from(other.weight.max(1))).cmp(&(right * i128::from(self.weight.max(1))))
    }

    /// The fewest whole turns of this weight whose ratio is not below this one.
    fn whole_turns(self, weight: i64) -> i64 {
        let product = i128::from(self.turns) * i128::from(weight);
        let divisor = i128::from(self.weight.max(1));
        i64::try_from((product + divisor - 1).div_euclid(divisor)).unwrap_or(i64::MAX)
    }
}

impl Rotation {
    /// The rule.
    pub const RULE: Column<Self, AssignmentRuleId> =
        Column::required_key("rule_id", |row| ValueRef::Uuid(row.rule_id.uuid()));

    /// A rotation in which nobody has had a turn.
    #[must_use]
    pub const fn new(rule_id: AssignmentRuleId) -> Self {
        Self { rule_id, turns: Vec::new(), level: Ratio::ZERO }
    }

    /// Where each member stands who has ever been eligible, by identifier.
    #[must_use]
    pub fn turns(&self) -> &[Turn] {
        &self.turns
    }

    /// Whose turn it is among those who are eligible, and how many turns they have had; nobody, when none is. The order
    /// in which members are given does not matter.
    #[must_use]
    pub fn next(&self, eligible: &[RuleMember]) -> Option<Turn> {
        eligible.iter().map(|member| self.standing(member)).min_by(compare)
    }

    /// Whoever is next takes their turn. Answers where they stood before.
    pub fn take(&mut self, eligible: &[RuleMember]) -> Option<Turn> {
        let mut standings: Vec<Turn> = eligible.iter().map(|member| self.standing(member)).collect();
        let next = standings.iter_mut().min_by(|a, b| compare(a, b))?;
        let before = *next;
        next.count = next.count.saturating_add(1);
        if let Some(lowest) = standings.iter().min_by(|a, b| compare(a, b)) {
            self.level = lowest.ratio();
        }
        for standing in standings {
            match self.place_of(standing.member_id) {
                Ok(place) => self.turns.get_mut(place).into_iter().for_each(|turn| *turn = standing),
                Err(place) => self.turns.insert(place, standing),
            }
        }
        Some(before)
    }

    /// Forgets those who are no longer members of the rule.
    pub fn keep_members(&mut self, members: &[RuleMember]) {
        self.turns.retain(|turn| members.iter().any(|member| member.member_id == turn.member_id));
    }

    fn place_of(&self, member: MemberId) -> Result<usize, usize> {
        self.turns.binary_search_by_key(&member, |turn| turn.member_id)
    }

    /// Where a member stands who can take a turn now: lifted to the level when below it.
    fn standing(&self, member: &RuleMember) -> Turn {
        let weight = member.weight.max(1);
        let known = self.place_of(member.member_id).ok().and_then(|place| self.turns.get(place));
        let known = known.filter(|turn| turn.weight == weight);
        let lifted = self.level.whole_turns(weight);
        Turn { member_id: member.member_id, weight, count: known.map_or(0, |turn| turn.count).max(lifted) }
    }
}

impl Turn {
    const fn ratio(&self) -> Ratio {
        Ratio { turns: self.count, weight: self.weight }
    }
}

fn compare(a: &Turn, b: &Turn) -> Ordering {
    a.ratio().compare(b.ratio()).then(a.member_id.cmp(&b.member_id))
}

impl Entity for Rotation {
    const NAME: &'static str = "rotation";
    const FIELDS: &'static [Field<Self>] = &[Self::RULE.field()];
    const UNIQUE: &'static [Key<Self>] = &[Key {
        name: "rule_id",
        columns: &["rule_id"],
        read: |rotation| Some(vec![Value::Uuid(rotation.rule_id.uuid())]),
    }];
    const REFERENCES: &'static [Reference<Self>] = &[Reference {
        column: "rule_id",
        target: AssignmentRule::NAME,
        read: |rotation| Some(Id::uuid(rotation.rule_id)),
    }];
}
impl Part for Rotation {}
