//! Stages, and what each says of the deals that stand in it.

use serde::{Deserialize, Serialize};

use super::guard::Guard;
use super::model::{Pipeline, PipelineId};
use crate::kernel::text::Name;
use crate::kernel::{Column, Entity, Field, Id, Key, Kind, Part, Reference, Rule, Value, ValueRef};

/// Identifier of a stage.
pub type StageId = Id<Stage>;

/// What standing in a stage means for a deal, whatever the tenant calls it. Never changes for a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum StageKind {
    /// It is being worked on.
    Open,
    /// The customer has bought.
    Won,
    /// The customer has not, and will not now.
    Lost,
}

impl StageKind {
    /// The name in JSON and in stores.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Won => "won",
            Self::Lost => "lost",
        }
    }
}

/// How a deal counts in the forecast.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ForecastCategory {
    /// Possible.
    Pipeline,
    /// Likely, if things go well.
    BestCase,
    /// Promised by whoever owns it.
    Commit,
    /// Won.
    Closed,
    /// Not counted.
    Omitted,
}

impl ForecastCategory {
    /// All of them.
    pub const ALL: &'static [Self] = &[Self::Pipeline, Self::BestCase, Self::Commit, Self::Closed, Self::Omitted];

    /// The name in JSON and in stores.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pipeline => "pipeline",
            Self::BestCase => "best_case",
            Self::Commit => "commit",
            Self::Closed => "closed",
            Self::Omitted => "omitted",
        }
    }
}

/// How likely a deal is won: 0 to 100 whole per cent. It never tells whether a deal is won; its status does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct Probability(i64);

/// A number that is no probability.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not a probability; give a whole per cent from 0 to 100")]
pub struct NotAProbability(pub i64);

impl Rule for NotAProbability {
    fn code(&self) -> &'static str {
        "probability.out_of_range"
    }
    fn kind(&self) -> Kind {
        Kind::Invalid
    }
}

impl Probability {
    /// Never: 0 %.
    pub const NEVER: Self = Self(0);
    /// For certain: 100 %.
    pub const CERTAIN: Self = Self(100);

    /// The whole per cent, 0 to 100.
    #[must_use]
    pub const fn percent(self) -> i64 {
        self.0
    }
}

impl TryFrom<i64> for Probability {
    type Error = NotAProbability;
    fn try_from(percent: i64) -> Result<Self, NotAProbability> {
        if (0..=100).contains(&percent) { Ok(Self(percent)) } else { Err(NotAProbability(percent)) }
    }
}

impl From<Probability> for i64 {
    fn from(probability: Probability) -> Self {
        probability.0
    }
}

/// A stage of one pipeline. Changed only with the whole list of its pipeline, whose events tell of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Stage {
    /// The pipeline that it belongs to, for good.
    pub pipeline_id: PipelineId,
    /// Name, unique within the pipeline.
    pub name: Name,
    /// Place in the pipeline, from 0.
    pub position: i64,
    /// What a deal's probability becomes when it enters.
    pub probability: Probability,
    /// What standing here means.
    pub kind: StageKind,
    /// What a deal's forecast category becomes when it enters.
    pub forecast_category: ForecastCategory,
    /// After how many days without touch a deal rots here; never, when there is none.
    pub rot_after_days: Option<i64>,
    /// What a deal must have to enter, and where it may go from here.
    pub guard: Guard,
}

/// A stage as a pipeline's list names it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewStage {
    /// The stage that is there already and stays; a new one, when there is none.
    #[serde(default)]
    pub id: Option<StageId>,
    /// Name, unique within the pipeline.
    pub name: Name,
    /// What standing here means.
    pub kind: StageKind,
    /// Needed for open stages; won and lost ones are 100 and 0 %.
    #[serde(default)]
    pub probability: Option<Probability>,
    /// `pipeline` for open stages that name none; won and lost ones are `closed` and `omitted`.
    #[serde(default)]
    pub forecast_category: Option<ForecastCategory>,
    /// After how many days without touch a deal rots here.
    #[serde(default)]
    pub rot_after_days: Option<i64>,
    /// What a deal must have to enter, and where it may go from here.
    #[serde(default)]
    pub guard: Guard,
}

impl NewStage {
    /// An open stage without guard and without rotting.
    #[must_use]
    pub fn open(name: Name, probability: Probability) -> Self {
        let mut stage = Self::terminal(name, StageKind::Open);
        stage.probability = Some(probability);
        stage
    }

    /// The stage of won deals.
    #[must_use]
    pub fn won(name: Name) -> Self {
        Self::terminal(name, StageKind::Won)
    }

    /// A stage of lost deals.
    #[must_use]
    pub fn lost(name: Name) -> Self {
        Self::terminal(name, StageKind::Lost)
    }

    fn terminal(name: Name, kind: StageKind) -> Self {
        let guard = Guard::default();
        Self { id: None, name, kind, probability: None, forecast_category: None, rot_after_days: None, guard }
    }
}

#[expect(missing_docs, reason = "each column is the field of the stage with its name")]
impl Stage {
    pub const PIPELINE_ID: Column<Self, PipelineId> =
        Column::required_indexed("pipeline_id", |row| ValueRef::Uuid(row.pipeline_id.uuid()));
    pub const NAME_FIELD: Column<Self, String> = Column::required("name", |row| ValueRef::Text(row.name.as_str()));
    pub const POSITION: Column<Self, i64> = Column::required("position", |row| ValueRef::Integer(row.position));
    pub const KIND: Column<Self, String> = Column::required("kind", |row| ValueRef::Text(row.kind.as_str()));
}

impl Entity for Stage {
    const NAME: &'static str = "stage";
    const SETUP: bool = true;
    const FIELDS: &'static [Field<Self>] =
        &[Self::PIPELINE_ID.field(), Self::NAME_FIELD.field(), Self::POSITION.field(), Self::KIND.field()];
    const UNIQUE: &'static [Key<Self>] = &[Key {
        name: "name",
        columns: &["pipeline_id", "name"],
        read: |stage| Some(vec![Value::Uuid(stage.pipeline_id.uuid()), Value::Text(stage.name.as_str().to_owned())]),
    }];
    const REFERENCES: &'static [Reference<Self>] =
        &[Reference { column: "pipeline_id", target: Pipeline::NAME, read: |stage| Some(stage.pipeline_id.uuid()) }];
}
impl Part for Stage {}

#[cfg(feature = "openapi")]
impl utoipa::__dev::ComposeSchema for Probability {
    fn compose(
        _: Vec<utoipa::openapi::RefOr<utoipa::openapi::schema::Schema>>,
    ) -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{ObjectBuilder, Type};
        let percent = ObjectBuilder::new().schema_type(Type::Integer).description(Some("A whole per cent."));
        percent.minimum(Some(0)).maximum(Some(100)).examples([50]).into()
    }
}
#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Probability {}
