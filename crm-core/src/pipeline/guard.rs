//! Guards: what a deal must have to enter a stage, and where it may go from there. Pure, and dry-runnable.
//!
//! Fields, condition and checklist are those of the stage that is entered; the list of next stages is that of the stage
//! that is left. A refusal lists everything that is missing, so that one more try is enough. A lost stage may be entered
//! from everywhere, or deals could be trapped; its fields, condition and checklist count all the same.

use serde::{Deserialize, Serialize};

use super::opportunity::Opportunity;
use super::stage::{Stage, StageKind};
use crate::custom_field::Schema;
use crate::kernel::custom::CustomValueError;
use crate::kernel::text::{Label, Name};
use crate::kernel::{
    CustomKey, Explanation, FieldProblem, Kind, Number, Predicate, Rule, Stored, Test, Value, find_field,
};

/// What a deal must have to enter a stage, and where it may go from there. The default lets everything pass.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Guard {
    /// Fields that must not be empty to enter. An amount of nothing counts as empty.
    pub required_fields: Vec<RequiredField>,
    /// What must hold to enter.
    pub condition: Option<Predicate<Opportunity>>,
    /// Items that must be ticked to enter.
    pub checklist: Vec<Label>,
    /// Names of the stages that may come next; any, when there are none. Lost stages always may.
    pub next: Vec<Name>,
}

/// Name of a field of the opportunity that can be empty, or `custom.KEY`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RequiredField(String);

/// A name that is no field that can be required.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequiredFieldError {
    /// There is no such field, or it is never empty.
    #[error("an opportunity has no field '{0}' that can be empty; name one such as amount_minor, or custom.KEY")]
    Unknown(String),
    /// What follows `custom.` is no key.
    #[error(transparent)]
    Key(#[from] CustomValueError),
}

impl Rule for RequiredFieldError {
    fn code(&self) -> &'static str {
        "guard.unknown_field"
    }
    fn kind(&self) -> Kind {
        Kind::Invalid
    }
}

impl RequiredField {
    const AMOUNT: &'static str = "amount_minor";

    /// The name of the field.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn custom_key(&self) -> Option<&str> {
        self.0.strip_prefix("custom.")
    }

    fn is_empty_in(&self, row: &Stored<Opportunity>) -> bool {
        match self.custom_key() {
            Some(key) => row.custom.find(key).is_none(),
            None if self.0 == Self::AMOUNT => row.amount_minor == 0,
            None => find_field::<Opportunity>(&self.0).is_none_or(|field| Test::IsEmpty.holds((field.read)(row))),
        }
    }
}

impl TryFrom<String> for RequiredField {
    type Error = RequiredFieldError;
    fn try_from(name: String) -> Result<Self, RequiredFieldError> {
        if let Some(key) = name.strip_prefix("custom.") {
            CustomKey::try_from(key.to_owned())?;
            return Ok(Self(name));
        }
        let known = find_field::<Opportunity>(&name).is_some_and(|field| field.optional && name != "custom");
        if known || name == Self::AMOUNT {
            Ok(Self(name))
        } else {
            Err(RequiredFieldError::Unknown(name.chars().take(80).collect()))
        }
    }
}

impl From<RequiredField> for String {
    fn from(field: RequiredField) -> Self {
        field.0
    }
}

/// One thing that keeps a deal out of a stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missing {
    /// A field is empty.
    Field(RequiredField),
    /// A part of the condition does not hold.
    Condition {
        /// The field that the part looks at; none when it looks at several.
        field: Option<String>,
        /// What would have to hold, in words.
        expected: String,
    },
    /// An item of the checklist is not ticked.
    Unticked(Label),
    /// The way from the present stage does not lead there.
    Way {
        /// The present stage.
        from: Name,
        /// Where it leads.
        next: Vec<Name>,
    },
}

impl Missing {
    /// The input that is wrong, what is wrong with it, and what would be right.
    #[must_use]
    pub fn problem(&self) -> FieldProblem {
        match self {
            Self::Field(field) => FieldProblem::new(field.as_str(), "guard.field_empty", "this field needs a value"),
            Self::Condition { field, expected } => {
                FieldProblem::new(field.as_deref().unwrap_or("condition"), "guard.condition_failed", expected)
            }
            Self::Unticked(item) => {
                let message = format!("'{item}' is not ticked; do it and tick it");
                FieldProblem::new("ticked", "guard.item_not_ticked", message)
            }
            Self::Way { from, next } => {
                let next: Vec<_> = next.iter().map(|name| format!("'{name}'")).collect();
                let message = format!("from '{from}' the way leads to {} only", next.join(", "));
                FieldProblem::new("stage_id", "guard.way_closed", message)
            }
        }
    }
}

/// A deal can't enter a stage now; everything that is missing is named.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.report())]
pub struct GuardRefusal {
    /// The stage.
    pub stage: Name,
    /// What is missing; never empty.
    pub missing: Vec<Missing>,
}

impl GuardRefusal {
    fn report(&self) -> String {
        let parts = self.missing.iter().map(Missing::problem);
        let parts: Vec<_> = parts.map(|problem| format!("{}: {}", problem.field, problem.message)).collect();
        format!("the deal cannot enter '{}' yet: {}", self.stage, parts.join("; "))
    }
}

impl Rule for GuardRefusal {
    fn code(&self) -> &'static str {
        "opportunity.guarded"
    }
    fn kind(&self) -> Kind {
        Kind::Conflict
    }
    fn fields(&self) -> Vec<FieldProblem> {
        self.missing.iter().map(Missing::problem).collect()
    }
    fn explanation(&self) -> Option<Explanation> {
        let reasons = self.missing.iter().map(Missing::problem);
        let reasons = reasons.map(|problem| Explanation::new(format!("{}: {}", problem.field, problem.message)));
        Some(Explanation::new(format!("'{}' cannot be entered yet", self.stage)).because_all(reasons))
    }
}

/// Whether a deal, as it would be, may enter a stage from where it stands; from nowhere when it is new.
///
/// # Errors
/// `GuardRefusal` with everything that is missing.
pub fn check_entry(row: &Stored<Opportunity>, from: Option<&Stage>, to: &Stage) -> Result<(), GuardRefusal> {
    let guard = &to.guard;
    let empty = guard.required_fields.iter().filter(|field| field.is_empty_in(row)).cloned().map(Missing::Field);
    let mut missing: Vec<Missing> = empty.collect();
    if let Some(condition) = &guard.condition {
        missing.extend(failing(condition, row));
    }
    missing.extend(guard.checklist.iter().filter(|item| !row.ticked.contains(item)).cloned().map(Missing::Unticked));
    if let Some(from) = from
        && to.kind != StageKind::Lost
        && !from.guard.next.is_empty()
        && !from.guard.next.contains(&to.name)
    {
        missing.push(Missing::Way { from: from.name.clone(), next: from.guard.next.clone() });
    }
    if missing.is_empty() { Ok(()) } else { Err(GuardRefusal { stage: to.name.clone(), missing }) }
}

impl Guard {
    /// What is wrong with the guard for a tenant with these custom fields; `path` is where the guard stands.
    pub(super) fn problems(&self, path: &str, schema: &Schema) -> Vec<FieldProblem> {
        let known = |key: &str| schema.fields().any(|field| field.key.as_str() == key);
        let required = self.required_fields.iter().filter_map(RequiredField::custom_key);
        let tested = self.condition.iter().flat_map(Predicate::fields).filter_map(|(_, key)| key);
        let named = required.map(|key| ("required_fields", key)).chain(tested.map(|key| ("condition", key)));
        named
            .filter(|(_, key)| !known(key))
            .map(|(part, key)| {
                let message = format!("opportunities have no custom field '{key}'; add it first");
                FieldProblem::new(format!("{path}.{part}"), "guard.unknown_field", message)
            })
            .collect()
    }
}

/// The smallest parts of a condition that do not hold, each in words.
fn failing(condition: &Predicate<Opportunity>, row: &Stored<Opportunity>) -> Vec<Missing> {
    match condition {
        Predicate::All(parts) => parts.iter().flat_map(|part| failing(part, row)).collect(),
        other if other.matches(row) => Vec::new(),
        Predicate::Test(field, _) => vec![part(Some(field.name.to_owned()), &in_words(condition))],
        Predicate::Custom(_, key, _) => vec![part(Some(format!("custom.{key}")), &in_words(condition))],
        Predicate::Any(_) | Predicate::Not(_) => vec![part(None, &in_words(condition))],
    }
}

fn part(field: Option<String>, words: &str) -> Missing {
    Missing::Condition { field, expected: format!("{words} is needed") }
}

fn in_words(condition: &Predicate<Opportunity>) -> String {
    let joined =
        |parts: &[Predicate<Opportunity>], word: &str| parts.iter().map(in_words).collect::<Vec<_>>().join(word);
    match condition {
        Predicate::All(parts) => format!("({})", joined(parts, " and ")),
        Predicate::Any(parts) if parts.is_empty() => "something that never holds".to_owned(),
        Predicate::Any(parts) => format!("({})", joined(parts, " or ")),
        Predicate::Not(part) => format!("not {}", in_words(part)),
        Predicate::Test(field, test) => test_words(field.name, test, &shown),
        Predicate::Custom(_, key, test) => test_words(&format!("custom.{key}"), test, &shown_custom),
    }
}

fn test_words(name: &str, test: &Test, shown: &dyn Fn(&Value) -> String) -> String {
    match test {
        Test::Equals(value) => format!("{name} equal to {}", shown(value)),
        Test::In(values) => format!("{name} among {}", values.iter().map(shown).collect::<Vec<_>>().join(", ")),
        Test::AtLeast(value) => format!("{name} at least {}", shown(value)),
        Test::Above(value) => format!("{name} above {}", shown(value)),
        Test::AtMost(value) => format!("{name} at most {}", shown(value)),
        Test::Below(value) => format!("{name} below {}", shown(value)),
        Test::Prefix(prefix) => format!("{name} beginning with '{prefix}'"),
        Test::IsEmpty => format!("{name} empty"),
        Test::HasTag(tag) => format!("the tag '{tag}'"),
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Text(text) => format!("'{text}'"),
        Value::Integer(number) => number.to_string(),
        Value::Bool(value) => value.to_string(),
        Value::Uuid(uuid) => uuid.to_string(),
        Value::Time(time) => time.to_string(),
        Value::Date(date) => date.to_string(),
    }
}

/// Custom numbers are compared in millionths, custom amounts in minor units; a condition does not say which it means.
fn shown_custom(value: &Value) -> String {
    match value {
        Value::Integer(number) => format!("{} ({number} minor units of an amount)", Number::from_millionths(*number)),
        other => shown(other),
    }
}

#[cfg(feature = "openapi")]
impl utoipa::__dev::ComposeSchema for RequiredField {
    fn compose(
        _: Vec<utoipa::openapi::RefOr<utoipa::openapi::schema::Schema>>,
    ) -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        crate::kernel::openapi::text("A field that can be empty, or custom.KEY.", "amount_minor").into()
    }
}
#[cfg(feature = "openapi")]
impl utoipa::ToSchema for RequiredField {}
