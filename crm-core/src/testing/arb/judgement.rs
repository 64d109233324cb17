//! Samples of what scoring and assignment keep.

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::pools::{any_id, instant, maybe, number, word};
use super::samples::read;
use super::{Sample, one_of};
use crate::access::Member;
use crate::assignment::{AssignmentRule, Availability, Rotation, WaitingLead};
use crate::lead::Lead;
use crate::scoring::{Engagement, ScoreState, ScoringRule};

fn condition() -> BoxedStrategy<Json> {
    one_of(&[0, 1, 2])
        .prop_map(|number| match number {
            0 => json!({ "field": "score", "at_least": 5 }),
            1 => {
                json!({ "any": [{ "field": "tags", "has": "vip" }, { "not": { "field": "email", "is_empty": true } }] })
            }
            _ => json!({ "field": "custom.size", "equals": { "millionths": 5 } }),
        })
        .boxed()
}

fn members() -> BoxedStrategy<Json> {
    let member = (any_id::<Member>(), 1..9_i64);
    let member = member.prop_map(|(member_id, weight)| json!({ "member_id": member_id, "weight": weight }));
    proptest::collection::vec(member, 0..=2).prop_map(Json::from).boxed()
}

impl Sample for ScoringRule {
    fn sample() -> BoxedStrategy<Self> {
        let basis = prop_oneof![
            condition().prop_map(|condition| json!({ "firmographic": condition })),
            maybe(1..9_i64)
                .prop_map(|cap| json!({ "behavioural": { "kind": "email_opened", "counts": "each", "cap": cap } })),
        ];
        let criterion = (word(), -9..9_i64, basis);
        let criterion =
            criterion.prop_map(|(name, points, when)| json!({ "name": name, "points": points, "when": when }));
        let since = one_of(&["engagement", "latest_engagement"]);
        let decay = since.prop_map(|since| json!({ "basis_points": 2_500, "period_days": 30, "since": since }));
        let threshold = Just(json!({ "at": 50, "release": 40 }));
        let bounds = (maybe(number()), maybe(number()), maybe(number()));
        let parts = (word(), any::<bool>(), number(), proptest::collection::vec(criterion, 0..=2), bounds);
        read((parts, maybe(decay), maybe(threshold)).prop_map(|(parts, decay, threshold)| {
            let (name, active, position, criteria, (cap, lowest, highest)) = parts;
            json!({
                "name": name, "active": active, "position": position, "criteria": criteria,
                "group_caps": { "behavioural": cap }, "lowest": lowest, "highest": highest, "decay": decay,
                "threshold": threshold,
            })
        }))
    }
}

impl Sample for Engagement {
    fn sample() -> BoxedStrategy<Self> {
        let details = one_of(&[0, 1, 2]).prop_map(|number| match number {
            0 => Json::Null,
            1 => json!({ "page": "/prices", "seconds": 3 }),
            _ => json!(["null", null, 0.5]),
        });
        let parts = (any_id::<Lead>(), one_of(&["email_opened", "page_visited"]), instant(), maybe(word()), details);
        read(parts.prop_map(|(lead_id, kind, occurred_at, source_key, details)| {
            json!({
                "lead_id": lead_id, "kind": kind, "occurred_at": occurred_at, "source_key": source_key,
                "details": details,
            })
        }))
    }
}

impl Sample for ScoreState {
    fn sample() -> BoxedStrategy<Self> {
        let parts = (any_id::<Lead>(), any_id::<ScoringRule>(), any::<bool>(), instant());
        read(parts.prop_map(|(lead_id, rule_id, above, crossed_at)| {
            json!({ "lead_id": lead_id, "rule_id": rule_id, "above": above, "crossed_at": crossed_at })
        }))
    }
}

impl Sample for AssignmentRule {
    fn sample() -> BoxedStrategy<Self> {
        let parts = (word(), any::<bool>(), number(), maybe(condition()), members());
        read(parts.prop_map(|(name, active, position, condition, members)| {
            json!({ "name": name, "active": active, "position": position, "condition": condition, "members": members })
        }))
    }
}

impl Sample for Rotation {
    fn sample() -> BoxedStrategy<Self> {
        let turn = (any_id::<Member>(), 1..9_i64, 0..9_i64);
        let turn =
            turn.prop_map(|(member, weight, count)| json!({ "member_id": member, "weight": weight, "count": count }));
        let parts = (any_id::<AssignmentRule>(), proptest::collection::vec(turn, 0..=2), 0..9_i64, 1..9_i64);
        read(parts.prop_map(|(rule_id, turns, level, weight)| {
            json!({ "rule_id": rule_id, "turns": turns, "level": { "turns": level, "weight": weight } })
        }))
    }
}

impl Sample for Availability {
    fn sample() -> BoxedStrategy<Self> {
        let parts = (any_id::<Member>(), maybe(instant()), maybe(number()));
        read(parts.prop_map(|(member_id, away_until, open_lead_cap)| {
            json!({ "member_id": member_id, "away_until": away_until, "open_lead_cap": open_lead_cap })
        }))
    }
}

impl Sample for WaitingLead {
    fn sample() -> BoxedStrategy<Self> {
        let parts = (any_id::<Lead>(), any_id::<AssignmentRule>(), instant());
        read(
            parts.prop_map(
                |(lead_id, rule_id, since)| json!({ "lead_id": lead_id, "rule_id": rule_id, "since": since }),
            ),
        )
    }
}
