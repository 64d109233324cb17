//! What is chosen, what would come of it, and what merging refuses.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::kernel::{FieldProblem, Kind, Rule};
use crate::lead::{Lead, LeadEvent, LeadId};

/// Whose value a field gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = MergeChoice))]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    /// The survivor's, even if it is empty.
    Keep,
    /// The loser's, unless it is empty.
    Take,
    /// The survivor's, and the loser's where the survivor has none.
    FillEmpty,
}

/// What is chosen for a merge. The default weighs every field as [`super`] says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct MergeChoices {
    /// Whose value a field gets, by its name: `company`, `custom.region`.
    pub fields: BTreeMap<String, Choice>,
    /// The version of the survivor that was seen; any, when there is none.
    pub survivor_version: Option<i64>,
    /// The version of the loser that was seen; any, when there is none.
    pub loser_version: Option<i64>,
}

/// What comes of a field in which the two differ.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldOutcome {
    /// Its name; `custom.KEY` for custom ones.
    pub field: String,
    /// The survivor's value.
    #[cfg_attr(feature = "openapi", schema(value_type = Value))]
    pub survivor: Json,
    /// The loser's value.
    #[cfg_attr(feature = "openapi", schema(value_type = Value))]
    pub loser: Json,
    /// What it is then.
    #[cfg_attr(feature = "openapi", schema(value_type = Value))]
    pub merged: Json,
}

/// What a merge of two leads makes.
#[derive(Clone, Debug)]
pub struct LeadMerge {
    /// The lead that stays.
    pub survivor_id: LeadId,
    /// The lead that goes.
    pub loser_id: LeadId,
    /// The lead that stays, as it is then.
    pub lead: Lead,
    /// What comes of the fields in which the two differ.
    pub fields: Vec<FieldOutcome>,
    /// The steps that the survivor takes to the state that it is in then.
    pub(super) steps: Vec<LeadEvent>,
}

/// What merging refuses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MergeRefusal {
    /// There is one lead only.
    #[error("a lead cannot be merged with itself; name two leads")]
    SameRecord,
    /// One of them lives on as other records.
    #[error("the lead {0} was converted and is read-only; merge what it became instead")]
    Converted(LeadId),
    /// There is no such field, or it follows from others.
    #[error("there is no field '{0}' to choose for; name one such as company, or custom.KEY")]
    UnknownField(String),
}

impl Rule for MergeRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::SameRecord => "merge.same_record",
            Self::Converted(_) => "merge.converted",
            Self::UnknownField(_) => "merge.unknown_field",
        }
    }
    fn kind(&self) -> Kind {
        match self {
            Self::Converted(_) => Kind::Conflict,
            Self::SameRecord | Self::UnknownField(_) => Kind::Invalid,
        }
    }
    fn fields(&self) -> Vec<FieldProblem> {
        match self {
            Self::UnknownField(field) => vec![FieldProblem::of(format!("fields.{field}"), self)],
            Self::SameRecord => vec![FieldProblem::of("loser_id", self)],
            Self::Converted(_) => Vec::new(),
        }
    }
}
