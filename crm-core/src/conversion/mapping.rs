//! Where a lead's custom values go.

use serde::{Deserialize, Serialize};

use crate::custom_field::Schema;
use crate::identity::RecordKind;
use crate::kernel::{Column, CustomKey, CustomValues, DomainEvent, Entity, Field, Key, Kind, Rule, Value, ValueRef};

/// That the value of one custom field of leads goes to a custom field of another record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MappingRule {
    /// Key of the lead's field.
    pub from: CustomKey,
    /// Which record it goes to: contact, account or opportunity.
    pub to_kind: RecordKind,
    /// Key of the field there.
    pub to: CustomKey,
}

/// Where a lead's custom values go, for the whole organization. Without one, values go to fields of the same key and
/// type wherever there is one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = ConversionMapping))]
pub struct Mapping {
    /// Always `lead`, so that an organization has one mapping.
    pub source: RecordKind,
    /// The rules.
    pub rules: Vec<MappingRule>,
}

/// A mapping that can't work.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MappingError {
    /// There is no such custom field.
    #[error("there is no custom field '{key}' of {}; add it first", kind.as_str())]
    UnknownField {
        /// Of which record.
        kind: RecordKind,
        /// Its key.
        key: CustomKey,
    },
    /// The two fields hold different things.
    #[error("'{from}' holds {held} and '{to}' holds {wanted}; map fields of one type")]
    DifferentTypes {
        /// The lead's field.
        from: CustomKey,
        /// What it holds.
        held: &'static str,
        /// The other field.
        to: CustomKey,
        /// What that holds.
        wanted: &'static str,
    },
    /// Two values can't go to one field.
    #[error("two values would go to '{key}' of {}; map one of them elsewhere", kind.as_str())]
    TargetTwice {
        /// Of which record.
        kind: RecordKind,
        /// Its key.
        key: CustomKey,
    },
    /// A lead is no target.
    #[error("values of a lead go to a contact, an account or an opportunity, not to a lead")]
    ToLead,
}

impl Rule for MappingError {
    fn code(&self) -> &'static str {
        match self {
            Self::UnknownField { .. } => "conversion_mapping.unknown_field",
            Self::DifferentTypes { .. } => "conversion_mapping.different_types",
            Self::TargetTwice { .. } => "conversion_mapping.target_twice",
            Self::ToLead => "conversion_mapping.to_lead",
        }
    }
    fn kind(&self) -> Kind {
        Kind::Invalid
    }
}

impl Mapping {
    /// The record whose fields are mapped.
    pub const SOURCE: Column<Self, String> =
        Column::required_indexed("source", |row| ValueRef::Text(row.source.as_str()));

    /// A mapping whose every rule can work with the present custom fields.
    ///
    /// # Errors
    /// `MappingError` with the first rule that can't.
    pub fn new<'s>(
        rules: Vec<MappingRule>,
        lead: &Schema,
        target: impl Fn(RecordKind) -> &'s Schema,
    ) -> Result<Self, MappingError> {
        for (index, rule) in rules.iter().enumerate() {
            if rule.to_kind == RecordKind::Lead {
                return Err(MappingError::ToLead);
            }
            let unknown = |kind, key: &CustomKey| MappingError::UnknownField { kind, key: key.clone() };
            let from = lead.field(&rule.from).ok_or_else(|| unknown(RecordKind::Lead, &rule.from))?;
            let to = target(rule.to_kind).field(&rule.to).ok_or_else(|| unknown(rule.to_kind, &rule.to))?;
            if from.holds != to.holds {
                let (held, wanted) = (from.holds.word(), to.holds.word());
                return Err(MappingError::DifferentTypes {
                    from: rule.from.clone(),
                    held,
                    to: rule.to.clone(),
                    wanted,
                });
            }
            let same = |other: &MappingRule| other.to_kind == rule.to_kind && other.to == rule.to;
            if rules.iter().take(index).any(same) {
                return Err(MappingError::TargetTwice { kind: rule.to_kind, key: rule.to.clone() });
            }
        }
        Ok(Self { source: RecordKind::Lead, rules })
    }

    /// The rules that hold where none were made: same key, same type.
    #[must_use]
    pub fn by_name<'s>(lead: &Schema, target: impl Fn(RecordKind) -> &'s Schema) -> Self {
        let kinds = [RecordKind::Contact, RecordKind::Account, RecordKind::Opportunity];
        let rules = lead.fields().flat_map(|field| {
            let fits = |kind: &RecordKind| target(*kind).field(&field.key).is_some_and(|to| to.holds == field.holds);
            let targets: Vec<_> = kinds.iter().copied().filter(fits).collect();
            let key = field.key.clone();
            targets.into_iter().map(move |to_kind| MappingRule { from: key.clone(), to_kind, to: key.clone() })
        });
        Self { source: RecordKind::Lead, rules: rules.collect() }
    }

    /// The values that a record of this kind gets from the lead's.
    #[must_use]
    pub fn values_for(&self, kind: RecordKind, lead: &CustomValues) -> CustomValues {
        let rules = self.rules.iter().filter(|rule| rule.to_kind == kind);
        rules.filter_map(|rule| Some((rule.to.clone(), lead.get(&rule.from)?.clone()))).collect()
    }
}

impl Entity for Mapping {
    const NAME: &'static str = "conversion_mapping";
    const SETUP: bool = true;
    const FIELDS: &'static [Field<Self>] = &[Self::SOURCE.field()];
    const UNIQUE: &'static [Key<Self>] = &[Key {
        name: "source",
        columns: &["source"],
        read: |mapping| Some(vec![Value::Text(mapping.source.as_str().to_owned())]),
    }];
}

/// What happens to the mapping.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MappingEvent {
    /// Its rules were set.
    Changed,
}

impl DomainEvent for MappingEvent {
    fn name(&self) -> &'static str {
        "conversion_mapping.changed"
    }
}
