//! Pipelines, and the reasons with which their deals are closed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::stage::{NewStage, StageId, StageKind};
use crate::event::Change;
use crate::kernel::text::Name;
use crate::kernel::{Column, DomainEvent, Entity, Field, FieldProblem, Id, Key, Kind, Rule, Value, ValueRef};

/// Identifier of a pipeline.
pub type PipelineId = Id<Pipeline>;

/// A way from first interest to a closed deal. Its stages are parts of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Pipeline {
    /// Name, unique within the organization.
    pub name: Name,
    /// Place among the pipelines; deals that name none begin in the first active one.
    pub position: i64,
    /// Whether deals may come into it.
    pub active: bool,
}

/// What it takes to make a pipeline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewPipeline {
    /// Name, unique within the organization.
    pub name: Name,
    /// Its stages in their order: one won, at least one lost and one open.
    pub stages: Vec<NewStage>,
}

/// A change to a pipeline itself. What is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "each field is that of the pipeline")]
pub struct PipelinePatch {
    pub name: Option<Name>,
    pub position: Option<i64>,
    pub active: Option<bool>,
}

/// The whole list of stages that a pipeline shall have from now on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct StageList {
    /// The stages in their order. Those that are there and are not named go.
    pub stages: Vec<NewStage>,
    /// Where the deals of a stage that goes shall stand: its identifier, and the name of a stage of the list.
    #[serde(default)]
    pub moves: BTreeMap<StageId, Name>,
}

impl Pipeline {
    /// Name of the pipeline.
    pub const NAME_FIELD: Column<Self, String> = Column::required("name", |row| ValueRef::Text(row.name.as_str()));
    /// Place among the pipelines.
    pub const POSITION: Column<Self, i64> = Column::required("position", |row| ValueRef::Integer(row.position));
    /// Whether deals may come into it.
    pub const ACTIVE: Column<Self, bool> = Column::required("active", |row| ValueRef::Bool(row.active));
}

impl Entity for Pipeline {
    const NAME: &'static str = "pipeline";
    const SETUP: bool = true;
    const FIELDS: &'static [Field<Self>] = &[Self::NAME_FIELD.field(), Self::POSITION.field(), Self::ACTIVE.field()];
    const UNIQUE: &'static [Key<Self>] = &[Key {
        name: "name",
        columns: &["name"],
        read: |pipeline| Some(vec![Value::Text(pipeline.name.as_str().to_owned())]),
    }];
}

/// What happens to pipelines.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PipelineEvent {
    /// It was made.
    Created {
        /// The names of its stages in their order.
        stages: Vec<Name>,
    },
    /// Its name, place or activity was changed.
    Changed {
        /// Which, from what to what.
        changes: Vec<Change>,
    },
    /// It has other stages, or the same ones with other rules. Deals that stay in a stage are not touched.
    Arranged {
        /// The names of its stages before.
        from: Vec<Name>,
        /// The names of its stages after.
        to: Vec<Name>,
        /// Which stages' fields were changed.
        changes: BTreeMap<StageId, Vec<Change>>,
        /// Where the deals of removed stages stand now.
        moves: BTreeMap<StageId, Name>,
    },
    /// It was removed.
    Deleted,
}

impl DomainEvent for PipelineEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Created { .. } => "pipeline.created",
            Self::Changed { .. } => "pipeline.changed",
            Self::Arranged { .. } => "pipeline.arranged",
            Self::Deleted => "pipeline.deleted",
        }
    }
}

/// What a pipeline refuses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PipelineRefusal {
    /// Deals stand, or stood last, in stages that shall go, and it is not said where they go.
    #[error("deals stand or stood last in {}; say in 'moves' where they go", names(.0))]
    StagesInUse(Vec<(StageId, Name)>),
    /// No deals come into it any more.
    #[error("the pipeline '{0}' is not active; activate it or choose another")]
    Inactive(Name),
    /// There is none to begin in.
    #[error("there is no active pipeline; make one, or activate one")]
    NoneActive,
}

fn names(stages: &[(StageId, Name)]) -> String {
    stages.iter().map(|(_, name)| format!("'{name}'")).collect::<Vec<_>>().join(", ")
}

impl Rule for PipelineRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::StagesInUse(_) => "pipeline.stages_in_use",
            Self::Inactive(_) => "pipeline.inactive",
            Self::NoneActive => "pipeline.none_active",
        }
    }
    fn kind(&self) -> Kind {
        Kind::Conflict
    }
    fn fields(&self) -> Vec<FieldProblem> {
        let Self::StagesInUse(stages) = self else { return Vec::new() };
        let problem = |(id, name): &(StageId, Name)| {
            let message = format!("'{name}' has deals; name the stage of the same kind that takes them");
            FieldProblem::new(format!("moves.{id}"), self.code(), message)
        };
        stages.iter().map(problem).collect()
    }
}

/// Identifier of a reason.
pub type CloseReasonId = Id<CloseReason>;

/// Which way a deal ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The customer has bought.
    Won,
    /// The customer has not.
    Lost,
}

impl Outcome {
    /// The name in JSON and in stores.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.stage_kind().as_str()
    }
    /// The kind of stage that a deal ends in.
    #[must_use]
    pub const fn stage_kind(self) -> StageKind {
        match self {
            Self::Won => StageKind::Won,
            Self::Lost => StageKind::Lost,
        }
    }
}

/// Why deals are won or lost, in the tenant's words, so that it can be counted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CloseReason {
    /// Which way it ends.
    pub kind: Outcome,
    /// The reason, unique among those of its kind.
    pub name: Name,
    /// Whether it may be given to further deals.
    pub active: bool,
}

impl CloseReason {
    /// Which way it ends.
    pub const KIND: Column<Self, String> = Column::required("kind", |row| ValueRef::Text(row.kind.as_str()));
    /// The reason.
    pub const NAME_FIELD: Column<Self, String> = Column::required("name", |row| ValueRef::Text(row.name.as_str()));
    /// Whether it may be given to further deals.
    pub const ACTIVE: Column<Self, bool> = Column::required("active", |row| ValueRef::Bool(row.active));
}

impl Entity for CloseReason {
    const NAME: &'static str = "close_reason";
    const FIELDS: &'static [Field<Self>] = &[Self::KIND.field(), Self::NAME_FIELD.field(), Self::ACTIVE.field()];
    const UNIQUE: &'static [Key<Self>] = &[Key {
        name: "name",
        columns: &["kind", "name"],
        read: |reason| {
            let kind = Value::Text(reason.kind.as_str().to_owned());
            Some(vec![kind, Value::Text(reason.name.as_str().to_owned())])
        },
    }];
}

/// What happens to reasons.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CloseReasonEvent {
    /// It was made.
    Created,
    /// It was renamed, retired or taken up again.
    Changed {
        /// What, from what to what.
        changes: Vec<Change>,
    },
}

impl DomainEvent for CloseReasonEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Created => "close_reason.created",
            Self::Changed { .. } => "close_reason.changed",
        }
    }
}
