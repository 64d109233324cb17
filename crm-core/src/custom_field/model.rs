//! The definition of a custom field.

use serde::{Deserialize, Serialize};

use crate::identity::RecordKind;
use crate::kernel::text::Label;
use crate::kernel::{
    Column, CustomKey, CustomValue, DomainEvent, Entity, Field, FieldProblem, Id, Key, Kind, Rule, Value, ValueRef,
};

/// Identifier of a custom field.
pub type CustomFieldId = Id<CustomField>;

/// What a custom field holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CustomType {
    /// A line of text, at most 250 characters.
    Text,
    /// A number with at most six decimals.
    Number,
    /// An amount of money.
    Money,
    /// A day.
    Date,
    /// Yes or no.
    Bool,
    /// One of these.
    Choice(Vec<Label>),
    /// Any of these.
    MultiChoice(Vec<Label>),
}

impl CustomType {
    /// What is wrong with a value for this type; nothing when it fits.
    #[must_use]
    pub fn problem(&self, value: &CustomValue) -> Option<String> {
        let offered = |choices: &[Label]| choices.iter().map(Label::as_str).collect::<Vec<_>>().join(", ");
        match (self, value) {
            (Self::Text, CustomValue::Text(_))
            | (Self::Number, CustomValue::Number(_))
            | (Self::Money, CustomValue::Money(_))
            | (Self::Date, CustomValue::Date(_))
            | (Self::Bool, CustomValue::Bool(_)) => None,
            (Self::Choice(choices), CustomValue::Choice(choice)) => (!choices.contains(choice))
                .then(|| format!("'{choice}' is not offered; choose one of {}", offered(choices))),
            (Self::MultiChoice(choices), CustomValue::Choices(chosen)) => {
                let stranger = chosen.iter().find(|choice| !choices.contains(choice))?;
                Some(format!("'{stranger}' is not offered; choose among {}", offered(choices)))
            }
            _ => Some(format!("expected {}", self.word())),
        }
    }

    /// The type in a few words.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Text => "a line of text",
            Self::Number => "a number",
            Self::Money => "an amount of money",
            Self::Date => "a day",
            Self::Bool => "yes or no",
            Self::Choice(_) => "one of the choices",
            Self::MultiChoice(_) => "some of the choices",
        }
    }
}

/// A field that the tenant added to a kind of record. Kind, key and type never change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CustomField {
    /// Which records have it.
    pub record_kind: RecordKind,
    /// Its name in data.
    pub key: CustomKey,
    /// Its name for people.
    pub label: Label,
    /// What it holds.
    pub holds: CustomType,
    /// Whether every record must have a value.
    pub required: bool,
    /// Whether no two records of the kind may have the same value.
    pub unique: bool,
    /// Whether conditions and lists may use it.
    pub filterable: bool,
}

/// What it takes to add a custom field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each field is that of the custom field")]
pub struct NewCustomField {
    pub record_kind: RecordKind,
    pub key: CustomKey,
    pub label: Label,
    pub holds: CustomType,
    #[serde(default)]
    pub required: bool,
    #[serde(default)]
    pub unique: bool,
    #[serde(default)]
    pub filterable: bool,
}

/// What a custom field refuses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CustomFieldRefusal {
    /// A choice needs something to choose from.
    #[error("a choice needs at least one thing to choose from, each once")]
    NoChoices,
    /// Yes and no can't be unique, nor can several choices.
    #[error("a field that holds {0} cannot be unique")]
    NeverUnique(&'static str),
    /// Another record has the value of a unique field.
    #[error("another record has the same '{0}' already; give another value")]
    Taken(CustomKey),
    /// A condition names a field that the tenant has not, or that is not filterable.
    #[error("there is no filterable custom field '{0}'; add it or make it filterable first")]
    NotFilterable(String),
    /// Rules, stages or mappings name the field.
    #[error("the custom field '{key}' is used by {}; change these first", by.join(", "))]
    InUse {
        /// Its key.
        key: CustomKey,
        /// What names it, in words.
        by: Vec<String>,
    },
    /// A field of this key was removed, and records still hold its values.
    #[error(
        "values of the removed field '{0}' are still being taken out of records; add it again later, or name it otherwise"
    )]
    StillGoing(CustomKey),
}

impl Rule for CustomFieldRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::NoChoices => "custom_field.no_choices",
            Self::NeverUnique(_) => "custom_field.never_unique",
            Self::Taken(_) => "custom_field.taken",
            Self::NotFilterable(_) => "custom_field.not_filterable",
            Self::InUse { .. } => "custom_field.in_use",
            Self::StillGoing(_) => "custom_field.still_going",
        }
    }
    fn kind(&self) -> Kind {
        match self {
            Self::Taken(_) | Self::InUse { .. } | Self::StillGoing(_) => Kind::Conflict,
            _ => Kind::Invalid,
        }
    }
    fn fields(&self) -> Vec<FieldProblem> {
        match self {
            Self::Taken(key) => vec![FieldProblem::of(format!("custom.{key}"), self)],
            Self::StillGoing(_) => vec![FieldProblem::of("key", self)],
            Self::NotFilterable(key) => vec![FieldProblem::of(format!("custom.{key}"), self)],
            _ => Vec::new(),
        }
    }
}

impl CustomField {
    /// Which records have it.
    pub const RECORD_KIND: Column<Self, String> =
        Column::required_indexed("record_kind", |row| ValueRef::Text(row.record_kind.as_str()));

    /// A new custom field.
    ///
    /// # Errors
    /// `NoChoices`, `NeverUnique`.
    pub fn new(new: NewCustomField) -> Result<Self, CustomFieldRefusal> {
        if let CustomType::Choice(choices) | CustomType::MultiChoice(choices) = &new.holds {
            let mut once = choices.clone();
            once.sort();
            once.dedup();
            if choices.is_empty() || once.len() != choices.len() {
                return Err(CustomFieldRefusal::NoChoices);
            }
        }
        if new.unique && matches!(new.holds, CustomType::Bool | CustomType::MultiChoice(_)) {
            return Err(CustomFieldRefusal::NeverUnique(new.holds.word()));
        }
        Ok(Self {
            record_kind: new.record_kind,
            key: new.key,
            label: new.label,
            holds: new.holds,
            required: new.required,
            unique: new.unique,
            filterable: new.filterable,
        })
    }
}

impl Entity for CustomField {
    const NAME: &'static str = "custom_field";
    const SETUP: bool = true;
    const FIELDS: &'static [Field<Self>] = &[Self::RECORD_KIND.field()];
    const UNIQUE: &'static [Key<Self>] = &[Key {
        name: "key",
        columns: &["record_kind", "key"],
        read: |field| {
            let kind = Value::Text(field.record_kind.as_str().to_owned());
            Some(vec![kind, Value::Text(field.key.as_str().to_owned())])
        },
    }];
}

/// What happens to custom fields.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CustomFieldEvent {
    /// It was added.
    Created,
    /// Its label, choices or flags were changed.
    Changed,
    /// It was removed; what records held of it goes after it.
    Deleted,
}

impl DomainEvent for CustomFieldEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Created => "custom_field.created",
            Self::Changed => "custom_field.changed",
            Self::Deleted => "custom_field.deleted",
        }
    }
}
