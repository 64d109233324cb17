//! The predicate as JSON, in which users write their rules and in which the rules are kept.
//!
//! `{"all": [..]}`, `{"any": [..]}`, `{"not": ..}`, or a test of a field: `{"field": "score", "at_least": 50}` with one
//! of `equals`, `in`, `at_least`, `above`, `at_most`, `below`, `prefix`, `is_empty: true`, `has`. A custom value is
//! named `custom.KEY`; its numbers are plain numbers, its days `{"date": "2026-11-21"}`, its amounts of money
//! `{"minor": 1250}`.

use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use serde_json::{Map, Value as Json, json};
use uuid::Uuid;

use super::custom::{CustomKey, Number};
use super::entity::Entity;
use super::error::{FieldProblem, Kind, Rule};
use super::field::{Field, FieldKind, Value};
use super::predicate::{Predicate, Test};
use super::tag::Tag;

/// Deeper nesting than this is refused.
const DEEPEST: usize = 32;
/// More parts or values than these are refused.
const MOST_PARTS: usize = 1_000;

/// A condition that can't be read; says where it stands, what is wrong and what would be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {problem}")]
pub struct PredicateError {
    path: String,
    problem: String,
}

impl Rule for PredicateError {
    fn code(&self) -> &'static str {
        "predicate.malformed"
    }
    fn kind(&self) -> Kind {
        Kind::Invalid
    }
    fn fields(&self) -> Vec<FieldProblem> {
        vec![FieldProblem::new(&self.path, self.code(), &self.problem)]
    }
}

const TESTS: &[&str] = &["equals", "in", "at_least", "above", "at_most", "below", "prefix", "is_empty", "has"];

impl<E: Entity> Predicate<E> {
    /// Reads a predicate against the fields of `E`.
    ///
    /// # Errors
    /// `PredicateError` when the form, a field's name, a test or a value's kind is wrong, or when it is too deep or large.
    pub fn from_json(json: &Json) -> Result<Self, PredicateError> {
        let mut parts = 0;
        read(json, "$", 0, &mut parts)
    }

    /// Writes the predicate so that [`Predicate::from_json`] reads it back.
    #[must_use]
    pub fn to_json(&self) -> Json {
        match self {
            Self::All(parts) => json!({ "all": parts.iter().map(Self::to_json).collect::<Vec<_>>() }),
            Self::Any(parts) => json!({ "any": parts.iter().map(Self::to_json).collect::<Vec<_>>() }),
            Self::Not(part) => json!({ "not": part.to_json() }),
            Self::Test(field, test) => test_json(field.name, test, false),
            Self::Custom(_, key, test) => test_json(&format!("custom.{key}"), test, true),
        }
    }
}

fn wrong(path: &str, problem: impl Into<String>) -> PredicateError {
    PredicateError { path: path.to_owned(), problem: problem.into() }
}

fn read<E: Entity>(json: &Json, path: &str, depth: usize, parts: &mut usize) -> Result<Predicate<E>, PredicateError> {
    *parts += 1;
    if depth > DEEPEST || *parts > MOST_PARTS {
        return Err(wrong(path, format!("a condition may nest {DEEPEST} deep and have {MOST_PARTS} parts; split it")));
    }
    let Json::Object(object) = json else {
        return Err(wrong(path, "expected an object with 'all', 'any', 'not' or 'field'"));
    };
    if let Some(list) = object.get("all") {
        only(object, &["all"], path)?;
        return Ok(Predicate::All(read_list(list, &format!("{path}.all"), depth, parts)?));
    }
    if let Some(list) = object.get("any") {
        only(object, &["any"], path)?;
        return Ok(Predicate::Any(read_list(list, &format!("{path}.any"), depth, parts)?));
    }
    if let Some(part) = object.get("not") {
        only(object, &["not"], path)?;
        return Ok(Predicate::Not(Box::new(read(part, &format!("{path}.not"), depth + 1, parts)?)));
    }
    read_test(object, path)
}

fn only(object: &Map<String, Json>, allowed: &[&str], path: &str) -> Result<(), PredicateError> {
    match object.keys().find(|key| !allowed.contains(&key.as_str())) {
        Some(other) => Err(wrong(path, format!("'{other}' does not belong here; allowed: {}", allowed.join(", ")))),
        None => Ok(()),
    }
}

fn read_list<E: Entity>(
    json: &Json,
    path: &str,
    depth: usize,
    parts: &mut usize,
) -> Result<Vec<Predicate<E>>, PredicateError> {
    let Json::Array(list) = json else { return Err(wrong(path, "expected a list of conditions")) };
    list.iter().enumerate().map(|(index, part)| read(part, &format!("{path}[{index}]"), depth + 1, parts)).collect()
}

fn read_test<E: Entity>(object: &Map<String, Json>, path: &str) -> Result<Predicate<E>, PredicateError> {
    let Some(Json::String(name)) = object.get("field") else {
        return Err(wrong(path, "expected 'all', 'any', 'not' or 'field'"));
    };
    let mut tests = object.iter().filter(|(key, _)| *key != "field");
    let (Some((word, operand)), None) = (tests.next(), tests.next()) else {
        return Err(wrong(path, format!("name exactly one test of '{name}': {}", TESTS.join(", "))));
    };
    let at = format!("{path}.{word}");
    if let Some(key) = name.strip_prefix("custom.") {
        let field = E::FIELDS.iter().find(|field| field.kind == FieldKind::Custom);
        let field = field.ok_or_else(|| wrong(path, format!("a {} has no custom fields", E::NAME)))?;
        let key = CustomKey::from_str(key).map_err(|error| wrong(path, error.to_string()))?;
        return Ok(Predicate::Custom(*field, key.into(), read_operand(word, operand, &at, &custom_value)?));
    }
    let field = find_field::<E>(name).ok_or_else(|| {
        let known: Vec<_> = E::FIELDS.iter().chain(&Field::SYSTEM).map(|field| field.name).collect();
        wrong(path, format!("a {} has no field '{name}'; it has {}", E::NAME, known.join(", ")))
    })?;
    let test = match (field.kind, word.as_str()) {
        (FieldKind::Tags, "has") => {
            let tag = operand.as_str().ok_or_else(|| wrong(&at, "expected a tag"))?;
            let tag = Tag::try_from(tag.to_owned()).map_err(|error| wrong(&at, error.to_string()))?;
            Test::HasTag(tag.as_str().to_owned())
        }
        (FieldKind::Tags | FieldKind::Custom, word) if word != "is_empty" => {
            return Err(wrong(&at, format!("'{name}' can be tested with 'has' (tags) or 'is_empty' only")));
        }
        (_, "has") => return Err(wrong(&at, "only tags can be tested with 'has'")),
        (kind, "prefix") if kind != FieldKind::Text => return Err(wrong(&at, "only a text has a prefix")),
        (kind, word) => read_operand(word, operand, &at, &|json, at| field_value(kind, json, at))?,
    };
    Ok(Predicate::Test(field, test))
}

/// The field of this name, among those of the entity and those that every record has.
#[must_use]
pub fn find_field<E: Entity>(name: &str) -> Option<Field<E>> {
    E::FIELDS.iter().copied().chain(Field::SYSTEM).find(|field| field.name == name)
}

type ReadValue<'a> = &'a dyn Fn(&Json, &str) -> Result<Value, PredicateError>;

fn read_operand(word: &str, json: &Json, at: &str, value: ReadValue<'_>) -> Result<Test, PredicateError> {
    Ok(match word {
        "equals" => Test::Equals(value(json, at)?),
        "at_least" => Test::AtLeast(value(json, at)?),
        "above" => Test::Above(value(json, at)?),
        "at_most" => Test::AtMost(value(json, at)?),
        "below" => Test::Below(value(json, at)?),
        "in" => {
            let Json::Array(list) = json else { return Err(wrong(at, "expected a list of values")) };
            if list.len() > MOST_PARTS {
                return Err(wrong(at, format!("at most {MOST_PARTS} values")));
            }
            Test::In(list.iter().map(|json| value(json, at)).collect::<Result<_, _>>()?)
        }
        "prefix" => {
            let text = json.as_str().filter(|text| !text.contains('\0'));
            Test::Prefix(text.ok_or_else(|| wrong(at, "expected text"))?.to_owned())
        }
        "is_empty" if *json == Json::Bool(true) => Test::IsEmpty,
        "is_empty" => return Err(wrong(at, "write 'is_empty': true, and 'not' around it for the opposite")),
        other => return Err(wrong(at, format!("there is no test '{other}'; there are {}", TESTS.join(", ")))),
    })
}

fn field_value(kind: FieldKind, json: &Json, at: &str) -> Result<Value, PredicateError> {
    let expected = || wrong(at, format!("expected {}, found {json}", kind.word()));
    let text = || json.as_str().ok_or_else(expected);
    match kind {
        FieldKind::Text => text().map(str::to_owned).and_then(|text| plain(text, at)),
        FieldKind::Integer => json.as_i64().map(Value::Integer).ok_or_else(expected),
        FieldKind::Bool => json.as_bool().map(Value::Bool).ok_or_else(expected),
        FieldKind::Uuid => Uuid::try_parse(text()?).map(Value::Uuid).map_err(|_| expected()),
        FieldKind::Time => text()?.parse().map(Value::Time).map_err(|_| expected()),
        FieldKind::Date => text()?.parse().map(Value::Date).map_err(|_| expected()),
        FieldKind::Tags | FieldKind::Custom => Err(expected()),
    }
}

/// No stored text has a NUL, and databases refuse to compare with one.
fn plain(text: String, at: &str) -> Result<Value, PredicateError> {
    if text.contains('\0') { Err(wrong(at, "the text has a NUL character; remove it")) } else { Ok(Value::Text(text)) }
}

fn custom_value(json: &Json, at: &str) -> Result<Value, PredicateError> {
    let expected = || {
        wrong(at, "expected text, a number with at most six decimals, true, false, {\"date\": ..} or {\"minor\": ..}")
    };
    match json {
        Json::String(text) => plain(text.clone(), at),
        Json::Bool(value) => Ok(Value::Bool(*value)),
        Json::Number(number) => {
            let number = Number::from_str(&number.to_string()).map_err(|error| wrong(at, error.to_string()))?;
            Ok(Value::Integer(number.millionths()))
        }
        Json::Object(object) => match (object.get("date"), object.get("minor"), object.get("millionths")) {
            (Some(Json::String(date)), None, None) => {
                date.parse().map(Value::Date).map_err(|error| wrong(at, format!("{error}")))
            }
            (None, Some(minor), None) => minor.as_i64().map(Value::Integer).ok_or_else(expected),
            (None, None, Some(number)) => number.as_i64().map(Value::Integer).ok_or_else(expected),
            _ => Err(expected()),
        },
        Json::Null | Json::Array(_) => Err(expected()),
    }
}

fn test_json(name: &str, test: &Test, custom: bool) -> Json {
    let value = |value: &Value| if custom { custom_json(value) } else { plain_json(value) };
    let (word, operand) = match test {
        Test::Equals(operand) => ("equals", value(operand)),
        Test::In(operands) => ("in", operands.iter().map(value).collect()),
        Test::AtLeast(operand) => ("at_least", value(operand)),
        Test::Above(operand) => ("above", value(operand)),
        Test::AtMost(operand) => ("at_most", value(operand)),
        Test::Below(operand) => ("below", value(operand)),
        Test::Prefix(prefix) => ("prefix", json!(prefix)),
        Test::IsEmpty => ("is_empty", json!(true)),
        Test::HasTag(tag) => ("has", json!(tag)),
    };
    json!({ "field": name, word: operand })
}

fn plain_json(value: &Value) -> Json {
    match value {
        Value::Text(text) => json!(text),
        Value::Integer(number) => json!(number),
        Value::Bool(value) => json!(value),
        Value::Uuid(uuid) => json!(uuid),
        Value::Time(time) => json!(time),
        Value::Date(date) => json!(date),
    }
}

/// Whole numbers of custom values are millionths or minor units: only the tagged form reads back the same.
fn custom_json(value: &Value) -> Json {
    match value {
        Value::Integer(number) => json!({ "millionths": number }),
        Value::Date(date) => json!({ "date": date }),
        other => plain_json(other),
    }
}

impl<E: Entity> Serialize for Predicate<E> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(serializer).map_err(ser::Error::custom)
    }
}

impl<'de, E: Entity> Deserialize<'de> for Predicate<E> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = Json::deserialize(deserializer)?;
        Self::from_json(&json).map_err(de::Error::custom)
    }
}
