//! A sound body for every endpoint that takes one, so that a request fails for the reason under test only.

use axum::http::Method;
use serde_json::{Value as Json, json};

/// Identifiers of records of one organization.
#[derive(Clone, Debug)]
pub(crate) struct Own {
    pub(crate) lead: String,
    pub(crate) qualified: String,
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
        (_, "/custom-fields/by-id/{id}/choices") => json!({ "choices": ["blue"] }),
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
        _ => "",
    };
    let path = path.replace("{id}", id).replace("{lead_id}", id).replace("{point_id}", &own.point);
    let path = path.replace("{contact_id}", &own.contact).replace("{member_id}", &own.member);
    let path = path.replace("{domain}", "owned.example").replace("{kind}", "lead");
    match path.as_str() {
        "/forecast" => "/forecast?from=2026-11-01&to=2026-12-01".to_owned(),
        "/timeline" => format!("/timeline?kind=lead&id={}", own.lead),
        path => path.to_owned(),
    }
}
