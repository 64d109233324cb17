//! Samples of every kind of record. They are read from JSON, through the same door as stored records are.

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::pools::{address, any_id, custom, instant, maybe, number, tags, word};
use super::{Sample, one_of};
use crate::access::{CustomRole, Member, Team, TeamMember};
use crate::agenda::Job;
use crate::custom_field::{CustomField, CustomUnique};
use crate::event::Event;
use crate::identity::MatchKey;
use crate::kernel::Entity;
use crate::lead::{Lead, StatusLabel, Touch};
use crate::people::{Account, AccountDomain, Contact, ContactPoint};

/// Reads records from JSON. A strategy whose JSON is not accepted runs out of tries, loudly.
pub(super) fn read<E: Entity>(json: impl Strategy<Value = Json> + 'static) -> BoxedStrategy<E> {
    json.prop_filter_map(format!("not a {}", E::NAME), |json| serde_json::from_value(json).ok()).boxed()
}

impl Sample for CustomRole {
    fn sample() -> BoxedStrategy<Self> {
        let permissions = proptest::sample::subsequence(vec!["lead_read", "lead_update", "contact_read"], 0..=3);
        let parts = (word(), permissions, one_of(&["own", "team", "all"]));
        read(
            parts.prop_map(
                |(name, permissions, reach)| json!({ "name": name, "permissions": permissions, "reach": reach }),
            ),
        )
    }
}

impl Sample for Member {
    fn sample() -> BoxedStrategy<Self> {
        let role = one_of(&["owner", "sales_rep", "viewer"]);
        let parts = (word(), address(), role, maybe(any_id::<CustomRole>()), any::<bool>());
        read(parts.prop_map(|(name, email, role, custom_role_id, active)| {
            json!({
                "name": name, "email": email, "email_key": email.to_lowercase(), "role": role,
                "custom_role_id": custom_role_id, "active": active,
            })
        }))
    }
}

impl Sample for Team {
    fn sample() -> BoxedStrategy<Self> {
        let parts = (word(), maybe(any_id::<Self>()));
        read(parts.prop_map(|(name, parent_id)| json!({ "name": name, "parent_id": parent_id })))
    }
}

impl Sample for TeamMember {
    fn sample() -> BoxedStrategy<Self> {
        let parts = (any_id::<Team>(), any_id::<Member>());
        parts.prop_map(|(team_id, member_id)| Self { team_id, member_id }).boxed()
    }
}

impl Sample for Event {
    fn sample() -> BoxedStrategy<Self> {
        let actor =
            prop_oneof![any_id::<Member>().prop_map(|id| json!({ "member": id })), Just(json!({ "system": "s" }))];
        let parts = (one_of(&["lead.created", "team.changed"]), any_id::<Lead>(), 1..3_i64, instant(), actor, word());
        read(parts.prop_map(|(name, record_id, record_version, occurred_at, actor, data)| {
            json!({
                "name": name, "entity": "lead", "record_id": record_id, "record_version": record_version,
                "occurred_at": occurred_at, "actor": actor, "cause_id": null, "correlation_id": record_id,
                "data": { "said": data },
            })
        }))
    }
}

impl Sample for Job {
    fn sample() -> BoxedStrategy<Self> {
        let state = one_of(&["ready", "leased", "dead"]);
        let parts = (one_of(&["lead.score", "lead.assign"]), state, instant(), maybe(word()), 0..3_i64, maybe(word()));
        read(parts.prop_map(|(kind, state, due_at, unique_key, token, worker)| {
            json!({
                "kind": kind, "payload": { "n": token }, "state": state, "due_at": due_at, "unique_key": unique_key,
                "attempts": token, "max_attempts": 25, "token": token, "worker": worker, "errors": [],
            })
        }))
    }
}

impl Sample for MatchKey {
    fn sample() -> BoxedStrategy<Self> {
        let parts = (word(), one_of(&["lead", "contact", "account"]), any_id::<Lead>());
        read(parts.prop_map(|(key, record_kind, record_id)| {
            json!({ "key": format!("email:{key}"), "record_kind": record_kind, "record_id": record_id })
        }))
    }
}

impl Sample for CustomField {
    fn sample() -> BoxedStrategy<Self> {
        let parts = (one_of(&["lead", "contact"]), one_of(&["k", "size"]), word(), one_of(&["text", "bool"]));
        read((parts, any::<bool>()).prop_map(|((record_kind, key, label, holds), flag)| {
            json!({
                "record_kind": record_kind, "key": key, "label": label, "holds": holds,
                "required": flag, "unique": false, "filterable": !flag,
            })
        }))
    }
}

impl Sample for CustomUnique {
    fn sample() -> BoxedStrategy<Self> {
        let parts = (one_of(&["lead", "contact"]), any_id::<Lead>(), one_of(&["k", "size"]), word());
        read(parts.prop_map(|(record_kind, record_id, key, value)| {
            json!({ "record_kind": record_kind, "record_id": record_id, "key": key, "value": value })
        }))
    }
}

impl Sample for Account {
    fn sample() -> BoxedStrategy<Self> {
        let words = (word(), maybe(word()), maybe(word()), maybe(word()));
        let links = (maybe(any_id::<Self>()), maybe(any_id::<Member>()));
        let numbers = (maybe(number()), maybe(number()));
        let status = one_of(&["prospect", "active", "inactive"]);
        let parts = (words, links, numbers, status, tags(), custom());
        read(parts.prop_map(|(words, links, numbers, status, tags, custom)| {
            let (name, industry, city, source) = words;
            let ((parent_id, owner_id), (employees, revenue)) = (links, numbers);
            json!({
                "name": name, "parent_id": parent_id, "website": null, "phone": null, "industry": industry,
                "employee_count": employees, "annual_revenue_minor": revenue, "revenue_currency": null, "city": city,
                "country": null, "status": status, "owner_id": owner_id, "source": source, "campaign": null,
                "tags": tags, "custom": custom, "note": null,
            })
        }))
    }
}

impl Sample for AccountDomain {
    fn sample() -> BoxedStrategy<Self> {
        let parts = (any_id::<Account>(), one_of(&["example.com", "example.org", "example.net"]));
        read(parts.prop_map(|(account_id, domain)| json!({ "account_id": account_id, "domain": domain })))
    }
}

impl Sample for Contact {
    fn sample() -> BoxedStrategy<Self> {
        let words = (maybe(word()), maybe(word()), maybe(word()), maybe(word()));
        let links = (maybe(any_id::<Account>()), maybe(any_id::<Member>()));
        read((words, links, any::<bool>(), tags(), custom()).prop_map(|(words, links, flag, tags, custom)| {
            let ((first_name, last_name, city, source), (account_id, owner_id)) = (words, links);
            json!({
                "first_name": first_name, "last_name": last_name, "job_title": null, "department": null,
                "account_id": account_id, "city": city, "country": null, "owner_id": owner_id, "source": source,
                "campaign": null, "do_not_email": flag, "do_not_call": !flag, "tags": tags, "custom": custom,
                "note": null,
            })
        }))
    }
}

impl Sample for ContactPoint {
    fn sample() -> BoxedStrategy<Self> {
        let parts = (any_id::<Contact>(), address(), maybe(Just("email")), maybe(word()), any::<bool>());
        read(parts.prop_map(|(contact_id, email, primary_for, label, flag)| {
            json!({
                "contact_id": contact_id, "kind": "email", "key": email.to_lowercase(), "value": { "email": email },
                "label": label, "primary_for": primary_for, "opted_out": flag, "invalid": !flag,
            })
        }))
    }
}

impl Sample for Lead {
    fn sample() -> BoxedStrategy<Self> {
        let words = (maybe(word()), maybe(word()), maybe(word()), maybe(word()), maybe(address()));
        let status = (one_of(&["new", "qualified", "converted"]), maybe(word()));
        let score = (maybe(number()), number(), maybe(instant()), maybe(instant()));
        let parts = (words, status, score, maybe(any_id::<Member>()), tags(), custom());
        read(parts.prop_map(|(words, status, score, owner_id, tags, custom)| {
            let (first_name, company, city, source, email) = words;
            let ((status, status_label), (employees, score, scored_at, converted_at)) = (status, score);
            json!({
                "first_name": first_name, "last_name": null, "company": company, "job_title": null, "email": email,
                "other_emails": [], "phone": null, "other_phones": [], "website": null, "industry": null,
                "employee_count": employees, "city": city, "country": null, "source": source, "campaign": null,
                "status": status, "status_label": status_label, "unqualified_reason": null, "owner_id": owner_id,
                "score": score, "scored_at": scored_at, "tags": tags, "custom": custom, "note": null,
                "converted_at": converted_at,
            })
        }))
    }
}

impl Sample for StatusLabel {
    fn sample() -> BoxedStrategy<Self> {
        let parts = (word(), one_of(&["new", "qualified"]));
        read(parts.prop_map(|(label, status)| json!({ "label": label, "status": status })))
    }
}

impl Sample for Touch {
    fn sample() -> BoxedStrategy<Self> {
        read((any_id::<Lead>(), instant(), word()).prop_map(|(record_id, occurred_at, source)| {
            json!({
                "record_kind": "lead", "record_id": record_id, "occurred_at": occurred_at,
                "details": { "source": source },
            })
        }))
    }
}
