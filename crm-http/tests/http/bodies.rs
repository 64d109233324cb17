//! A sound body for every endpoint that takes one, so that a request fails for the reason under test only.

use axum::http::Method;
use serde_json::{Value as Json, json};

/// Identifiers of records of one organization.
#[derive(Clone, Debug)]
pub(crate) struct Own {
    pub(crate) lead: String,
    pub(crate) qualified: String,
    pub(crate) twin: String,
    pub(crate) contact: String,
    pub(crate) point: String,
    pub(crate) account: String,
    pub(crate) deal: String,
    pub(crate) pipeline: String,
    pub(crate) other_pipeline: String,
    pub(crate) stage: String,
    pub(crate) next_stage: String,
    pub(crate) other_stage: String,
    pub(crate) won: String,
    pub(crate) lost: String,
    pub(crate) activity: String,
    pub(crate) scoring_rule: String,
    pub(crate) member: String,
    pub(crate) team: String,
    pub(crate) role: String,
    pub(crate) custom_field: String,
    pub(crate) forecast_override: String,
    pub(crate) import: String,
    pub(crate) import_mapping: String,
    pub(crate) policy: String,
    pub(crate) flag: String,
    pub(crate) subscription: String,
    pub(crate) item: String,
    pub(crate) talk: Talk,
}

/// Identifiers of what belongs to a conversation.
#[derive(Clone, Debug)]
pub(crate) struct Talk {
    pub(crate) connection: String,
    pub(crate) conversation: String,
    pub(crate) message: String,
    pub(crate) canned_reply: String,
    pub(crate) calendar: String,
    pub(crate) bulk_send: String,
}

/// The body; nothing when the endpoint takes none.
#[expect(clippy::match_same_arms, clippy::unnested_or_patterns, reason = "a table, one line for each endpoint")]
pub(crate) fn body(method: &Method, path: &str, own: &Own) -> Option<Json> {
    let new_rule = json!({ "name": "Rule", "criteria": [] });
    let new_stage = json!({ "name": "Extra", "kind": "open", "probability": 30 });
    let stages = json!({ "stages": [
        { "id": own.stage, "name": "First", "kind": "open", "probability": 10 },
        { "name": "Won", "kind": "won" }, { "name": "Lost", "kind": "lost" } ] });
    Some(match (method.as_str(), path) {
        ("GET" | "DELETE", _) => return None,
        ("POST", "/leads") => json!({ "lead": { "last_name": "New" }, "confirmed": true }),
        ("POST", "/intake") => json!({ "items": [{ "source": "api", "lead": { "last_name": "New" } }] }),
        ("PATCH" | "PUT", "/leads/{id}" | "/contacts/{id}") => json!({ "city": "Paris" }),
        ("PATCH" | "PUT", "/accounts/{id}") => json!({ "city": "Paris" }),
        ("PATCH" | "PUT", "/opportunities/{id}") => json!({ "name": "Renamed" }),
        ("PATCH" | "PUT", "/activities/{id}") => json!({ "subject": "Renamed" }),
        (_, "/leads/{id}/label") => json!({ "label": "Talked" }),
        (_, "/lead-labels") => json!({ "label": "Hot", "status": "contacted" }),
        (_, "/leads/{id}/convert" | "/leads/{id}/convert/plan") => json!({ "opportunity": "nothing" }),
        (_, "/leads/{id}/merge" | "/leads/{id}/merge/plan") => json!({ "loser_id": own.twin }),
        (_, "/leads/{id}/assign") => json!({ "owner_id": own.member }),
        ("POST", path) if path.ends_with("/search") => json!({}),
        (_, "/contacts") => json!({ "last_name": "New" }),
        (_, "/contacts/{id}/points") => json!({ "value": { "email": "new@example.com" } }),
        (_, "/contacts/{id}/points/{point_id}/opt-out") => json!({ "opted_out": true }),
        (_, "/accounts") => json!({ "name": "New" }),
        (_, "/accounts/{id}/domains") => json!({ "domain": "new.example" }),
        (_, "/accounts/{id}/parent" | "/teams/{id}/parent") => json!({ "parent_id": null }),
        (_, "/opportunities") => json!({ "name": "New" }),
        (_, "/opportunities/{id}/move" | "/opportunities/{id}/stage" | "/opportunities/{id}/move/check") => {
            json!({ "stage_id": own.next_stage })
        }
        (_, "/opportunities/{id}/win") => json!({ "reason_id": own.won }),
        (_, "/opportunities/{id}/lose") => json!({ "reason_id": own.lost }),
        (_, "/opportunities/{id}/pipeline") => {
            json!({ "pipeline_id": own.other_pipeline, "stages": { own.stage.clone(): own.other_stage } })
        }
        (_, "/opportunities/{id}/contacts/{contact_id}") => json!({ "role": "decision_maker" }),
        (_, "/pipelines") => json!({ "name": "New", "stages": [new_stage,
            { "name": "Won", "kind": "won" }, { "name": "Lost", "kind": "lost" }] }),
        ("PATCH", "/pipelines/{id}") => json!({ "position": 7 }),
        (_, "/pipelines/{id}/stages") => stages,
        ("POST", "/pipeline/stages") => json!({ "stage": new_stage }),
        ("PUT", "/pipeline/stages/{id}") => json!({ "name": "Renamed", "kind": "open", "probability": 15 }),
        ("POST", "/close-reasons") => json!({ "kind": "won", "name": "New" }),
        ("PUT", "/close-reasons/{id}") => json!({ "name": "Renamed", "active": true }),
        (_, "/forecast/overrides") => json!({ "owner_id": own.member, "period": "2026-12-01", "category": "commit",
            "amount": { "minor": 100, "currency": "EUR" } }),
        (_, "/activities") => {
            json!({ "kind": "task", "subject": "New", "records": [{ "kind": "lead", "id": own.lead }] })
        }
        (_, "/activities/{id}/records") => json!({ "kind": "account", "id": own.account }),
        (_, "/scoring/rules") | (_, "/scoring/rules/{id}") => new_rule,
        (_, "/engagements") => json!({ "lead_id": own.lead, "kind": "page_view" }),
        (_, "/assignment/rules") => json!({ "rules": [] }),
        (_, "/members/{id}/availability") => json!({ "open_lead_cap": 5 }),
        (_, "/duplicates/check") => json!({ "last_name": "New" }),
        (_, "/duplicate-policies") => json!({ "certainty": "likely", "action": "warn" }),
        (_, "/imports/guess") => json!({ "kind": "leads", "headers": ["Email"] }),
        (_, "/import-mappings") => json!({ "name": "New", "kind": "leads", "mapping": [] }),
        (_, "/organization") => json!({ "name": "Renamed" }),
        (_, "/members") => json!({ "name": "New", "email": "new@office.example", "role": "viewer" }),
        (_, "/members/{id}/role") => json!({ "role": "viewer" }),
        (_, "/teams") => json!({ "name": "New" }),
        ("POST", "/roles") => json!({ "name": "New", "permissions": ["lead_read"], "reach": "own" }),
        ("PUT", "/roles/{id}") => json!({ "permissions": ["lead_read"], "reach": "own" }),
        ("POST", "/custom-fields") => {
            json!({ "record_kind": "lead", "key": "fresh", "label": "Fresh", "holds": "text" })
        }
        (_, "/custom-fields/by-id/{id}") => json!({ "label": "Renamed", "required": false, "filterable": true }),
        ("POST", path) if path.starts_with("/billing") => billing_body(path, own)?,
        (_, path) if path.starts_with("/social") => social_body(path, own)?,
        (_, "/custom-fields/by-id/{id}/choices") => json!({ "choices": ["blue"] }),
        _ => return None,
    })
}

fn billing_body(path: &str, own: &Own) -> Option<Json> {
    let dearer = json!({ "replace": { "item": own.item, "price": "price_leadgen_yearly", "quantity": 1 } });
    let change = json!({ "subscription": own.subscription, "items": [dearer], "when": { "now": {} } });
    Some(match path {
        "/billing/checkout" => json!({ "prices": ["email_monthly"] }),
        "/billing/subscription/preview" | "/billing/subscription/change" => change,
        "/billing/subscription/cancel" => json!({ "subscription": own.subscription, "when": "never" }),
        "/billing/simulate" => json!({ "from": "2026-01-01T00:00:00Z", "until": "2030-01-01T00:00:00Z" }),
        _ => return None,
    })
}

fn social_body(path: &str, own: &Own) -> Option<Json> {
    let words = json!({ "text": { "text": "Hello" } });
    let template = json!({ "name": "still_there", "language": "en" });
    Some(match path.strip_prefix("/social")? {
        "/connections" => json!({ "choice": "none" }),
        "/connections/{platform}/connect" => json!({ "redirect_uri": "https://host.example/connected" }),
        "/connections/{platform}/accounts" => json!({ "state": "none", "code": "none" }),
        "/connections/{id}/settings" => json!({ "leads": "create" }),
        "/conversations/{id}/assign" => json!({ "owner_id": own.member }),
        "/conversations/{id}/status" => json!({ "status": "snoozed" }),
        "/conversations/{id}/tags" => json!({ "tags": ["vip"] }),
        "/conversations/{id}/notes" => json!({ "text": "Friendly" }),
        "/conversations/{id}/consent" => json!({ "agreed": true }),
        "/conversations/{id}/link-lead" => json!({ "lead": own.lead }),
        "/conversations/{id}/messages" => json!({ "content": words }),
        "/conversations/{id}/messages/template" => template,
        "/conversations/{id}/can-send" => words,
        "/canned-replies" => json!({ "shortcut": "bye", "text": "Goodbye" }),
        "/calendars" => json!({ "name": "New", "time_zone": "UTC", "days_off": [],
            "week": [{ "weekday": 1, "from": "09:00", "to": "17:00" }] }),
        "/bulk-sends" => json!({ "name": "New", "connection_id": own.talk.connection, "template": template }),
        "/bulk-sends/{id}/recipients" => json!({ "recipients": { "numbers": ["+49 30 1234567"] } }),
        _ => return None,
    })
}

/// The path with identifiers in the place of braces; `None` when this endpoint names no record.
pub(crate) fn named(path: &str, own: &Own) -> String {
    let id = match path.split('/').nth(1).unwrap_or_default() {
        "leads" if path.contains("convert") => &own.qualified,
        "leads" => &own.lead,
        "scoring" if path.contains("calculate") => &own.lead,
        "scoring" => &own.scoring_rule,
        "contacts" => &own.contact,
        "accounts" => &own.account,
        "opportunities" => &own.deal,
        "pipelines" => &own.pipeline,
        "pipeline" => &own.next_stage,
        "close-reasons" => &own.won,
        "forecast" => &own.forecast_override,
        "activities" => &own.activity,
        "members" => &own.member,
        "teams" => &own.team,
        "roles" => &own.role,
        "custom-fields" => &own.custom_field,
        "imports" => &own.import,
        "import-mappings" => &own.import_mapping,
        "duplicate-policies" => &own.policy,
        "duplicates" => &own.flag,
        "social" => match path.split('/').nth(2).unwrap_or_default() {
            "connections" => &own.talk.connection,
            "conversations" => &own.talk.conversation,
            "messages" => &own.talk.message,
            "canned-replies" => &own.talk.canned_reply,
            "calendars" => &own.talk.calendar,
            _ => &own.talk.bulk_send,
        },
        _ => "",
    };
    let path = path.replace("{id}", id).replace("{lead_id}", id).replace("{point_id}", &own.point);
    let path = path.replace("{contact_id}", &own.contact).replace("{member_id}", &own.member);
    let path = path.replace("{domain}", "owned.example").replace("{kind}", "lead");
    let path = path.replace("{platform}", "whatsapp").replace("{shortcut}", "hello").replace("{session}", "cs_none");
    match path.as_str() {
        "/forecast" => "/forecast?from=2026-11-01&to=2026-12-01".to_owned(),
        "/social/analytics"
        | "/analytics/social"
        | "/analytics/leads"
        | "/analytics/pipeline"
        | "/analytics/activities" => {
            format!("{path}?from=2026-01-01T00:00:00Z&to=2030-01-01T00:00:00Z")
        }
        "/timeline" => format!("/timeline?kind=lead&id={}", own.lead),
        path => path.to_owned(),
    }
}
