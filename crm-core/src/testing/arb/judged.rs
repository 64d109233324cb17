//! Samples of what duplicates, conversion and intake keep.

use proptest::prelude::*;
use serde_json::json;

use super::pools::{any_id, instant, maybe, word};
use super::samples::read;
use super::{Sample, one_of};
use crate::conversion::{Conversion, Mapping};
use crate::duplicate::{DuplicateFlag, DuplicatePolicy};
use crate::identity::Redirect;
use crate::intake::Capture;
use crate::lead::Lead;
use crate::people::{Account, Contact};
use crate::pipeline::Opportunity;

impl Sample for DuplicateFlag {
    fn sample() -> BoxedStrategy<Self> {
        let kind = || one_of(&["lead", "contact"]);
        let state = one_of(&["open", "dismissed", "merged"]);
        let parts = (kind(), any_id::<Lead>(), kind(), any_id::<Contact>(), 0..1_000_i64, word(), state);
        read(parts.prop_map(|(record_kind, record_id, other_kind, other_id, confidence, why, state)| {
            json!({
                "record_kind": record_kind, "record_id": record_id, "other_kind": other_kind, "other_id": other_id,
                "confidence": confidence, "evidence": { "text": why, "weight": null, "because": [] }, "state": state,
            })
        }))
    }
}

impl Sample for Redirect {
    fn sample() -> BoxedStrategy<Self> {
        let parts = (one_of(&["lead", "contact"]), any_id::<Lead>(), any_id::<Lead>(), instant());
        read(parts.prop_map(|(record_kind, record_id, survivor_id, merged_at)| {
            json!({
                "record_kind": record_kind, "record_id": record_id, "survivor_id": survivor_id, "merged_at": merged_at,
            })
        }))
    }
}

impl Sample for DuplicatePolicy {
    fn sample() -> BoxedStrategy<Self> {
        let parts = (maybe(word()), one_of(&["possible", "likely", "certain"]), one_of(&["block", "warn", "link"]));
        read(parts.prop_map(|(source, certainty, action)| {
            let source_key = source.as_str().unwrap_or_default().to_lowercase();
            json!({ "source": source, "source_key": source_key, "certainty": certainty, "action": action })
        }))
    }
}

impl Sample for Conversion {
    fn sample() -> BoxedStrategy<Self> {
        let into = (maybe(any_id::<Contact>()), maybe(any_id::<Account>()), maybe(any_id::<Opportunity>()));
        read((any_id::<Lead>(), into, maybe(word()), instant()).prop_map(
            |(lead_id, into, command_key, converted_at)| {
                let (contact_id, account_id, opportunity_id) = into;
                json!({
                    "lead_id": lead_id, "contact_id": contact_id, "account_id": account_id,
                    "opportunity_id": opportunity_id, "command_key": command_key, "converted_at": converted_at,
                })
            },
        ))
    }
}

impl Sample for Mapping {
    fn sample() -> BoxedStrategy<Self> {
        let rule = (one_of(&["k", "size"]), one_of(&["contact", "account", "opportunity"]), one_of(&["k", "size"]));
        let rule = rule.prop_map(|(from, to_kind, to)| json!({ "from": from, "to_kind": to_kind, "to": to }));
        let rules = proptest::collection::vec(rule, 0..=2);
        read(rules.prop_map(|rules| json!({ "source": "lead", "rules": rules })))
    }
}

impl Sample for Capture {
    fn sample() -> BoxedStrategy<Self> {
        let parts = (word(), word(), one_of(&["lead", "contact"]), any_id::<Lead>(), instant());
        read(parts.prop_map(|(source, external_id, record_kind, record_id, captured_at)| {
            json!({
                "source": source, "external_id": external_id, "record_kind": record_kind, "record_id": record_id,
                "captured_at": captured_at,
            })
        }))
    }
}
