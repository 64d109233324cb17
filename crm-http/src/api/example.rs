//! Examples of bodies for the document, made from their schemas: what is required, and what a first request would say.

use serde_json::{Map, Value as Json, json};

/// How deep schemas are followed; what refers to itself has an end here.
const DEEPEST: u32 = 12;

/// What a member of this name would hold, whatever its schema leaves open. Optional members are shown when they are here.
fn word(name: &str) -> Option<Json> {
    Some(match name {
        "first_name" => json!("Ada"),
        "last_name" => json!("Lovelace"),
        "company" => json!("Analytical Engines"),
        "city" => json!("London"),
        "subject" => json!("First call"),
        "label" => json!("Warm"),
        "reason" | "note" => json!("They asked for it"),
        "password" | "present" | "next" => json!("correct horse battery"),
        "amount" => json!({ "minor": 125_000, "currency": "EUR" }),
        "stages" => json!([
            { "name": "Open", "kind": "open", "probability": 10 },
            { "name": "Won", "kind": "won" },
            { "name": "Lost", "kind": "lost" }
        ]),
        "stage" => json!({ "name": "Offer", "kind": "open", "probability": 40 }),
        "permissions" => json!(["lead_read"]),
        "probability" => json!(40),
        "organization" => json!("acme"),
        "headers" => json!(["First Name", "Last Name", "Email"]),
        "opportunity" => json!("new"),
        "owner_id" => json!("018f4e5a-0000-7000-8000-000000000000"),
        "records" => json!([{ "kind": "lead", "id": "018f4e5a-0000-7000-8000-000000000000" }]),
        "criteria" => json!([
            { "name": "Reads mail", "points": 5, "when": { "behavioural": { "kind": "email_opened", "counts": "each" } } }
        ]),
        _ => return None,
    })
}

/// An example of what fits `schema`, whose references lead into `schemas`.
pub(super) fn of(schemas: &Json, schema: &Json) -> Json {
    make(schemas, schema, "", DEEPEST)
}

fn resolved<'j>(schemas: &'j Json, mut schema: &'j Json) -> &'j Json {
    while let Some(name) = schema.get("$ref").and_then(Json::as_str).and_then(|path| path.rsplit('/').next()) {
        let Some(target) = schemas.get(name) else { break };
        schema = target;
    }
    schema
}

fn make(schemas: &Json, schema: &Json, name: &str, left: u32) -> Json {
    let schema = resolved(schemas, schema);
    if let Some(word) = word(name).filter(|word| fits(schemas, schema, word)) {
        return word;
    }
    let given = schema.get("example").or_else(|| schema.get("examples").and_then(|all| all.get(0)));
    if let Some(given) = given.or_else(|| schema.get("const")) {
        return given.clone();
    }
    let first = |key: &str| schema.get(key).and_then(|all| all.get(0));
    if let Some(value) = first("enum") {
        return value.clone();
    }
    if left == 0 {
        return Json::Null;
    }
    if let Some(choice) = first("oneOf").or_else(|| first("anyOf")) {
        return make(schemas, choice, name, left - 1);
    }
    if let Some(parts) = schema.get("allOf").and_then(Json::as_array) {
        let parts = parts.iter().map(|part| make(schemas, part, name, left - 1));
        let members = parts.filter_map(|part| part.as_object().cloned()).flatten();
        return Json::Object(members.collect());
    }
    match kind(schema) {
        "object" => object(schemas, schema, left - 1),
        "array" => {
            let least = schema.get("minItems").and_then(Json::as_u64).unwrap_or(0);
            let item = schema.get("items").filter(|_| least > 0).map(|item| make(schemas, item, "", left - 1));
            item.into_iter().collect()
        }
        "integer" | "number" => schema.get("minimum").cloned().unwrap_or_else(|| json!(1)),
        "boolean" => json!(true),
        "string" => json!(match schema.get("format").and_then(Json::as_str) {
            Some("uuid") => "018f4e5a-0000-7000-8000-000000000000",
            Some("date-time") => "2026-11-21T09:30:00Z",
            Some("date") => "2026-11-21",
            Some("email") => "ada@example.com",
            _ => "Example",
        }),
        _ => Json::Null,
    }
}

fn object(schemas: &Json, schema: &Json, left: u32) -> Json {
    let required: Vec<_> = schema.get("required").and_then(Json::as_array).into_iter().flatten().collect();
    let members = schema.get("properties").and_then(Json::as_object).into_iter().flatten();
    let shown = members.filter(|(name, _)| required.contains(&&json!(name)) || word(name).is_some());
    let made: Map<_, _> = shown.map(|(name, schema)| (name.clone(), make(schemas, schema, name, left))).collect();
    Json::Object(made)
}

/// The first kind that a schema names and that is not `null`.
fn kind(schema: &Json) -> &str {
    let named = match schema.get("type") {
        Some(Json::Array(kinds)) => kinds.iter().filter_map(Json::as_str).find(|kind| *kind != "null"),
        Some(kind) => kind.as_str(),
        None => schema.get("properties").map(|_| "object"),
    };
    named.unwrap_or_default()
}

/// Whether a word is of the kind that a schema asks for: a `stage` may be a name here and a record there.
fn fits(schemas: &Json, schema: &Json, word: &Json) -> bool {
    let schema = resolved(schemas, schema);
    let mut choices = ["oneOf", "anyOf"].iter().filter_map(|key| schema.get(key).and_then(Json::as_array)).flatten();
    if schema.get("oneOf").or_else(|| schema.get("anyOf")).is_some() {
        return choices.any(|choice| fits(schemas, choice, word));
    }
    if let Some(values) = schema.get("enum").and_then(Json::as_array) {
        return values.contains(word);
    }
    match kind(schema) {
        "object" => word.is_object(),
        "array" => word.is_array(),
        "integer" | "number" => word.is_number(),
        "boolean" => word.is_boolean(),
        "string" => word.is_string(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_example_has_what_is_required_and_what_has_a_word() {
        let schemas = json!({
            "Line": { "type": "string", "maxLength": 9 },
            "Person": {
                "type": "object",
                "properties": {
                    "last_name": { "oneOf": [{ "$ref": "#/components/schemas/Line" }, { "type": "null" }] },
                    "nickname": { "$ref": "#/components/schemas/Line" },
                    "born": { "type": "string", "format": "date" },
                    "kind": { "type": "string", "enum": ["one", "two"] },
                    "boss": { "$ref": "#/components/schemas/Person" }
                },
                "required": ["born", "kind"]
            }
        });
        let person = of(&schemas, &json!({ "$ref": "#/components/schemas/Person" }));
        assert_eq!(person, json!({ "last_name": "Lovelace", "born": "2026-11-21", "kind": "one" }));
        let both = json!({ "allOf": [{ "properties": { "stage": { "type": "string" } }, "required": ["stage"] },
            { "properties": { "id": { "type": "string", "format": "uuid" } }, "required": ["id"] }] });
        let both = of(&schemas, &both);
        assert_eq!(both, json!({ "stage": "Example", "id": "018f4e5a-0000-7000-8000-000000000000" }));
    }

    #[test]
    fn what_refers_to_itself_has_an_end() {
        let schemas = json!({ "Endless": { "type": "object", "required": ["next"],
            "properties": { "next": { "oneOf": [{ "$ref": "#/components/schemas/Endless" }] } } } });
        assert!(of(&schemas, &schemas["Endless"]).is_object());
    }
}
