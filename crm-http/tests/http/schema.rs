//! As much of JSON Schema as the document uses. What it does not know it refuses to overlook.

use serde_json::Value as Json;

/// What says nothing about values.
const SILENT: &[&str] =
    &["description", "title", "default", "example", "examples", "deprecated", "readOnly", "writeOnly", "discriminator"];

/// What is wrong with a value, by JSON pointers into it; nothing when it fits.
pub(crate) fn problems(document: &Json, schema: &Json, value: &Json) -> Vec<String> {
    let mut problems = Vec::new();
    check(document, schema, value, "", &mut problems);
    problems
}

fn fits(document: &Json, schema: &Json, value: &Json) -> bool {
    problems(document, schema, value).is_empty()
}

fn check(document: &Json, schema: &Json, value: &Json, at: &str, problems: &mut Vec<String>) {
    let Some(rules) = schema.as_object() else {
        if *schema == Json::Bool(false) {
            problems.push(format!("{at}: nothing is allowed here"));
        }
        return;
    };
    let mut wrong = |what: String| problems.push(format!("{at}: {what}"));
    let number = |rule: &Json| rule.as_f64().unwrap();
    let length = value.as_str().map(|text| text.chars().count());
    for (name, rule) in rules {
        match name.as_str() {
            "$ref" => {
                let target = document.pointer(rule.as_str().unwrap().trim_start_matches('#'));
                check(document, target.unwrap_or_else(|| panic!("{rule} leads nowhere")), value, at, problems);
                return siblings(document, rules, value, at, problems);
            }
            "type" => {
                let kinds = rule.as_array().map_or_else(|| vec![rule], |kinds| kinds.iter().collect());
                if !kinds.iter().any(|kind| is_a(value, kind.as_str().unwrap())) {
                    wrong(format!("{value} is no {rule}"));
                }
            }
            "enum" if !rule.as_array().unwrap().contains(value) => wrong(format!("{value} is not one of {rule}")),
            "const" if rule != value => wrong(format!("{value} is not {rule}")),
            "minimum" if value.as_f64().is_some_and(|value| value < number(rule)) => wrong(format!("{value} < {rule}")),
            "maximum" if value.as_f64().is_some_and(|value| value > number(rule)) => wrong(format!("{value} > {rule}")),
            "minLength" if length.is_some_and(|length| length < size(rule)) => wrong(format!("{value} is too short")),
            "maxLength" if length.is_some_and(|length| length > size(rule)) => wrong(format!("{value} is too long")),
            "minItems" if value.as_array().is_some_and(|items| items.len() < size(rule)) => wrong("too few".to_owned()),
            "maxItems" if value.as_array().is_some_and(|items| items.len() > size(rule)) => wrong("too many".to_owned()),
            "format" if value.as_str().is_some_and(|text| !is_formed(text, rule.as_str().unwrap())) => {
                wrong(format!("{value} is no {rule}"));
            }
            "required" => {
                let members = value.as_object();
                for member in rule.as_array().unwrap().iter().map(|member| member.as_str().unwrap()) {
                    if members.is_some_and(|members| !members.contains_key(member)) {
                        wrong(format!("'{member}' is missing"));
                    }
                }
            }
            "oneOf" | "anyOf" => {
                let count = rule.as_array().unwrap().iter().filter(|choice| fits(document, choice, value)).count();
                if count == 0 || (name == "oneOf" && count > 1) {
                    wrong(format!("{value} fits {count} of {name}"));
                }
            }
            "enum" | "const" | "minimum" | "maximum" | "minLength" | "maxLength" | "minItems" | "maxItems" | "format"
            // These are looked at below, where members and items are. Patterns are the server's to keep.
            | "properties" | "additionalProperties" | "propertyNames" | "items" | "allOf" | "pattern" | "uniqueItems" => {}
            silent => assert!(SILENT.contains(&silent) || silent.starts_with("x-"), "'{silent}' is not understood"),
        }
    }
    siblings(document, rules, value, at, problems);
}

/// What is inside the value.
fn siblings(
    document: &Json,
    rules: &serde_json::Map<String, Json>,
    value: &Json,
    at: &str,
    problems: &mut Vec<String>,
) {
    for part in rules.get("allOf").and_then(Json::as_array).into_iter().flatten() {
        check(document, part, value, at, problems);
    }
    if let (Some(items), Some(schema)) = (value.as_array(), rules.get("items")) {
        for (place, item) in items.iter().enumerate() {
            check(document, schema, item, &format!("{at}/{place}"), problems);
        }
    }
    let Some(members) = value.as_object() else { return };
    let known = rules.get("properties").and_then(Json::as_object);
    for (name, member) in members {
        let at = format!("{at}/{name}");
        if let Some(schema) = known.and_then(|known| known.get(name)) {
            check(document, schema, member, &at, problems);
        } else if let Some(schema) = rules.get("additionalProperties") {
            check(document, schema, member, &at, problems);
        }
    }
}

fn size(rule: &Json) -> usize {
    usize::try_from(rule.as_u64().unwrap()).unwrap()
}

fn is_a(value: &Json, kind: &str) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        kind => panic!("there is no kind '{kind}'"),
    }
}

fn is_formed(text: &str, format: &str) -> bool {
    match format {
        "uuid" => uuid::Uuid::try_parse(text).is_ok(),
        "date-time" => text.parse::<crm_core::kernel::Timestamp>().is_ok(),
        "date" => serde_json::from_value::<crm_core::kernel::Date>(Json::String(text.to_owned())).is_ok(),
        "email" => text.parse::<crm_core::kernel::EmailAddress>().is_ok(),
        _ => true,
    }
}

#[test]
fn what_does_not_fit_is_named() {
    let document = serde_json::json!({ "components": { "schemas": {
        "Kind": { "type": "string", "enum": ["a", "b"] },
        "Thing": { "type": "object", "required": ["id", "kind"], "additionalProperties": false, "properties": {
            "id": { "type": "string", "format": "uuid" },
            "kind": { "$ref": "#/components/schemas/Kind" },
            "count": { "type": ["integer", "null"], "maximum": 9 },
            "parts": { "type": "array", "items": { "$ref": "#/components/schemas/Thing" } },
            "either": { "oneOf": [{ "type": "string" }, { "type": "null" }] } } } } } });
    let schema = serde_json::json!({ "$ref": "#/components/schemas/Thing" });
    let wrong = |json: Json| problems(&document, &schema, &json).len();
    let id = "018f4e5a-0000-7000-8000-000000000000";
    assert_eq!(wrong(serde_json::json!({ "id": id, "kind": "a", "count": null, "either": null })), 0);
    assert_eq!(wrong(serde_json::json!({ "id": id, "kind": "a", "parts": [{ "id": id, "kind": "b" }] })), 0);
    for json in [
        serde_json::json!([]),
        serde_json::json!({ "id": id }),
        serde_json::json!({ "id": "x", "kind": "a" }),
        serde_json::json!({ "id": id, "kind": "c" }),
        serde_json::json!({ "id": id, "kind": "a", "count": 10 }),
        serde_json::json!({ "id": id, "kind": "a", "either": 1 }),
        serde_json::json!({ "id": id, "kind": "a", "other": 1 }),
        serde_json::json!({ "id": id, "kind": "a", "parts": [{ "id": id }] }),
    ] {
        assert_eq!(wrong(json.clone()), 1, "{json}");
    }
}
