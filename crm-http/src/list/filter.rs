//! Conditions as parameters of a query.

use axum::http::StatusCode;
use crm_core::kernel::{Entity, Error, Field, FieldKind, Predicate, find_field};
use serde_json::{Value as Json, json};
use utoipa::openapi::path::Parameter;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};

use crate::problem::Problem;

/// The tests that a field of this kind takes, beside `equals`.
const fn tests(kind: FieldKind) -> &'static [&'static str] {
    match kind {
        FieldKind::Text => &["in", "prefix"],
        FieldKind::Integer | FieldKind::Time | FieldKind::Date => &["in", "at_least", "above", "at_most", "below"],
        FieldKind::Uuid => &["in"],
        FieldKind::Tags => &["has"],
        FieldKind::Bool | FieldKind::Custom => &[],
    }
}

/// The parameters by which a list of `E` can be filtered.
pub(super) fn parameters<E: Entity>() -> Vec<Parameter> {
    let mut parameters = Vec::new();
    for field in E::FIELDS.iter().copied().chain(Field::SYSTEM) {
        let mut add = |name: String, description: String, schema: ObjectBuilder| {
            parameters.push(crate::api::query_parameter(&name, &description, schema));
        };
        let (name, word) = (field.name, field.kind.word());
        if field.kind == FieldKind::Custom {
            continue;
        }
        if field.kind != FieldKind::Tags {
            add(name.to_owned(), format!("Records whose '{name}' is this"), schema(field.kind));
        }
        for test in tests(field.kind) {
            let description = match *test {
                "in" => format!("Records whose '{name}' is one of these, separated by commas"),
                "has" => "Records with this tag".to_owned(),
                test => format!("Records whose '{name}' is {} {word}", test.replace('_', " ")),
            };
            let text = matches!(*test, "in" | "has" | "prefix");
            let schema = if text { ObjectBuilder::new().schema_type(Type::String) } else { schema(field.kind) };
            add(format!("{name}[{test}]"), description, schema);
        }
        if field.optional || field.kind == FieldKind::Tags {
            let schema = ObjectBuilder::new().schema_type(Type::Boolean);
            add(format!("{name}[is_empty]"), format!("Records whose '{name}' is empty, or is not"), schema);
        }
    }
    parameters
}

fn schema(kind: FieldKind) -> ObjectBuilder {
    let format = |format| Some(SchemaFormat::KnownFormat(format));
    let text = || ObjectBuilder::new().schema_type(Type::String);
    match kind {
        FieldKind::Text | FieldKind::Tags | FieldKind::Custom => text(),
        FieldKind::Integer => ObjectBuilder::new().schema_type(Type::Integer).format(format(KnownFormat::Int64)),
        FieldKind::Bool => ObjectBuilder::new().schema_type(Type::Boolean),
        FieldKind::Uuid => text().format(format(KnownFormat::Uuid)),
        FieldKind::Time => text().format(format(KnownFormat::DateTime)),
        FieldKind::Date => text().format(format(KnownFormat::Date)),
    }
}

/// Reads one parameter as a condition; nothing when it names no field.
pub(super) fn read<E: Entity>(parameter: &str, value: &str) -> Option<Result<Predicate<E>, Problem>> {
    let (name, test) = match parameter.split_once('[') {
        Some((name, test)) => (name, test.strip_suffix(']')?),
        None => (parameter, "equals"),
    };
    let custom = name.starts_with("custom.");
    let kind = if custom { FieldKind::Custom } else { find_field::<E>(name)?.kind };
    let operand = match test {
        "in" => value.split(',').map(|value| operand(kind, value)).collect(),
        "is_empty" if value == "false" => {
            let empty = Predicate::from_json(&json!({ "field": name, "is_empty": true }));
            return Some(empty.map(Predicate::negated).map_err(|error| wrong(parameter, error)));
        }
        "is_empty" => Json::Bool(value == "true"),
        "has" | "prefix" => json!(value),
        _ => operand(kind, value),
    };
    Some(Predicate::from_json(&json!({ "field": name, test: operand })).map_err(|error| wrong(parameter, error)))
}

fn wrong(parameter: &str, error: impl Into<Error>) -> Problem {
    let error = error.into();
    // The domain names the place in JSON, which this is not.
    let detail = error.fields().first().map_or_else(|| error.to_string(), |field| field.message.clone());
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, error.code(), detail).at(parameter)
}

/// A value of a field's kind; what does not look like it stays text, and the predicate says what was expected.
fn operand(kind: FieldKind, value: &str) -> Json {
    let read = match kind {
        FieldKind::Integer => value.parse::<i64>().ok().map(Json::from),
        FieldKind::Bool => value.parse::<bool>().ok().map(Json::from),
        // A custom value says what it is by how it looks; text that looks like a number stands in quotation marks.
        FieldKind::Custom => serde_json::from_str(value).ok(),
        _ => None,
    };
    read.unwrap_or_else(|| json!(value))
}
