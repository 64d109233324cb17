//! Samples of pipelines, deals and what belongs to them.

use proptest::prelude::*;
use serde_json::json;

use super::pools::{any_id, custom, instant, maybe, tags, word};
use super::samples::read;
use super::{Sample, one_of};
use crate::access::Member;
use crate::kernel::{Date, Timestamp};
use crate::people::{Account, Contact};
use crate::pipeline::{CloseReason, ForecastOverride, Opportunity, OpportunityContact, Pipeline, Stage};

fn category() -> BoxedStrategy<&'static str> {
    one_of(&["pipeline", "best_case", "commit", "closed", "omitted"])
}

fn kind() -> BoxedStrategy<&'static str> {
    one_of(&["open", "won", "lost"])
}

fn day() -> BoxedStrategy<Date> {
    instant().prop_map(Timestamp::date).boxed()
}

fn amount() -> BoxedStrategy<i64> {
    prop_oneof![8 => 0..5_i64, 1 => Just(i64::MAX)].boxed()
}

fn currency() -> BoxedStrategy<&'static str> {
    one_of(&["EUR", "JPY"])
}

impl Sample for Pipeline {
    fn sample() -> BoxedStrategy<Self> {
        let parts = (word(), 0..3_i64, any::<bool>());
        read(parts.prop_map(|(name, position, active)| json!({ "name": name, "position": position, "active": active })))
    }
}

impl Sample for Stage {
    fn sample() -> BoxedStrategy<Self> {
        let guard = one_of(&[0, 1]).prop_map(|guard| match guard {
            0 => json!({}),
            _ => json!({
                "required_fields": ["amount_minor", "custom.size"],
                "condition": { "any": [{ "field": "amount_minor", "at_least": 1 }, { "field": "tags", "has": "vip" }] },
                "checklist": ["a"], "next": ["b"],
            }),
        });
        let parts = (any_id::<Pipeline>(), word(), 0..3_i64, 0..=100_i64, kind(), category(), maybe(1..9_i64), guard);
        read(parts.prop_map(|(pipeline_id, name, position, probability, kind, category, rot_after_days, guard)| {
            json!({
                "pipeline_id": pipeline_id, "name": name, "position": position, "probability": probability,
                "kind": kind, "forecast_category": category, "rot_after_days": rot_after_days, "guard": guard,
            })
        }))
    }
}

impl Sample for CloseReason {
    fn sample() -> BoxedStrategy<Self> {
        let parts = (one_of(&["won", "lost"]), word(), any::<bool>());
        read(parts.prop_map(|(kind, name, active)| json!({ "kind": kind, "name": name, "active": active })))
    }
}

impl Sample for Opportunity {
    fn sample() -> BoxedStrategy<Self> {
        let ids = (any_id::<Pipeline>(), any_id::<Stage>(), maybe(any_id::<Stage>()), maybe(any_id::<Member>()));
        let customer = (maybe(any_id::<Account>()), maybe(any_id::<Contact>()));
        let worth = (amount(), currency(), 0..=100_i64, category());
        let times = (maybe(day()), maybe(instant()), maybe(day()), instant(), maybe(instant()));
        let parts = (word(), ids, customer, kind(), worth, times, maybe(word()), tags(), custom());
        read(parts.prop_map(|(name, ids, customer, status, worth, times, source, tags, custom)| {
            let (pipeline_id, stage_id, last_open_stage_id, owner_id) = ids;
            let ((account_id, contact_id), (amount, currency, probability, category)) = (customer, worth);
            let (expected_close, closed_at, next_step_on, stage_entered_at, last_touch_at) = times;
            json!({
                "name": name, "account_id": account_id, "primary_contact_id": contact_id, "pipeline_id": pipeline_id,
                "stage_id": stage_id, "status": status, "amount_minor": amount, "currency": currency,
                "probability": probability, "expected_close": expected_close, "closed_at": closed_at,
                "owner_id": owner_id, "source": source, "campaign": null, "close_reason_id": null, "close_note": null,
                "next_step": null, "next_step_on": next_step_on, "stage_entered_at": stage_entered_at,
                "last_touch_at": last_touch_at, "last_open_stage_id": last_open_stage_id,
                "forecast_category": category, "ticked": ["a"], "tags": tags, "custom": custom, "note": null,
                "lead_id": null,
            })
        }))
    }
}

impl Sample for OpportunityContact {
    fn sample() -> BoxedStrategy<Self> {
        let parts = (any_id::<Opportunity>(), any_id::<Contact>(), one_of(&["champion", "user"]));
        read(parts.prop_map(|(opportunity_id, contact_id, role)| {
            json!({ "opportunity_id": opportunity_id, "contact_id": contact_id, "role": role })
        }))
    }
}

impl Sample for ForecastOverride {
    fn sample() -> BoxedStrategy<Self> {
        let period = one_of(&["2026-01-01", "2026-02-01"]);
        let parts = (any_id::<Member>(), period, category(), amount(), currency(), maybe(word()));
        read(parts.prop_map(|(owner_id, period, category, amount, currency, note)| {
            json!({
                "owner_id": owner_id, "period": period, "category": category, "amount_minor": amount,
                "currency": currency, "note": note,
            })
        }))
    }
}
