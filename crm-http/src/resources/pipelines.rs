//! `/pipelines`, `/pipeline/stages`, `/close-reasons`, boards and forecasts.

use crm_core::access::Permission as P;
use crm_core::kernel::{Error, FieldProblem, InvalidInput, Name, Predicate};
use crm_core::pipeline::{
    CloseReason, CloseReasonId, ForecastOverride, ForecastOverrideId, ForecastScope, Month, NewForecastOverride,
    NewPipeline, NewStage, Opportunity, Outcome, Pipeline, PipelineId, PipelinePatch, Stage, StageId, StageKind,
    StageList,
};
use crm_core::store::{RecordNotFound, Session};
use serde::Deserialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;
use utoipa::openapi::path::Parameter;

use super::views::{BoardView, ForecastView, PipelineView};
use crate::api::{
    Api, Call, Created, Json, Many, Nothing, Plain, Query, Record, delete, get, patch, post, put, query_parameter,
    unknown_parameter,
};
use crate::list::ListQuery;
use crate::problem::Problem;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReasonToMake {
    kind: Outcome,
    name: Name,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReasonToChange {
    name: Name,
    active: bool,
}

/// A stage to add to a pipeline.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct StageToAdd {
    /// The first active pipeline, when there is none.
    #[serde(default)]
    pipeline_id: Option<PipelineId>,
    stage: NewStage,
}

/// A stage that goes, and the one that takes its deals.
#[derive(Debug, Default)]
struct StageRemoval {
    to: Option<Name>,
}

impl Query for StageRemoval {
    fn read(pairs: Vec<(String, String)>) -> Result<Self, Problem> {
        let mut removal = Self::default();
        for (name, value) in pairs {
            match name.as_str() {
                "to" => removal.to = Some(value.parse().map_err(|error| Problem::from(Error::from(error)).at("to"))?),
                _ => return Err(unknown_parameter(&name, "'to' is the only one")),
            }
        }
        Ok(removal)
    }
    fn parameters() -> Vec<Parameter> {
        let text = utoipa::openapi::Object::with_type(utoipa::openapi::Type::String);
        vec![query_parameter("to", "Name of the stage that takes the deals", text)]
    }
}

/// Which forecast.
#[derive(Debug)]
struct ForecastQuery(ForecastScope);

impl Query for ForecastQuery {
    fn read(pairs: Vec<(String, String)>) -> Result<Self, Problem> {
        let (mut from, mut to, mut undated, mut pipeline_id) = (None, None, false, None);
        for (name, value) in pairs {
            let wrong = |error: Error| Problem::from(error).at(name.as_str());
            match name.as_str() {
                "from" => from = Some(month(&value).map_err(wrong)?),
                "to" => to = Some(month(&value).map_err(wrong)?),
                "undated" => undated = value == "true",
                "pipeline_id" => pipeline_id = Some(value.parse().map_err(|error| wrong(Error::from(error)))?),
                _ => return Err(unknown_parameter(&name, "there are from, to, undated and pipeline_id")),
            }
        }
        let missing = |field: &str| {
            let message = "give the first day of a month, such as 2026-11-01";
            Problem::from(Error::from(InvalidInput(vec![FieldProblem::new(field, "month.missing", message)])))
        };
        let from = from.ok_or_else(|| missing("from"))?;
        let to = to.ok_or_else(|| missing("to"))?;
        Ok(Self(ForecastScope { from, to, undated, pipeline_id }))
    }
    fn parameters() -> Vec<Parameter> {
        use utoipa::PartialSchema;
        let mut from = query_parameter("from", "First month", Month::schema());
        let mut to = query_parameter("to", "Last month", Month::schema());
        from.required = utoipa::openapi::Required::True;
        to.required = utoipa::openapi::Required::True;
        let undated = utoipa::openapi::Object::with_type(utoipa::openapi::Type::Boolean);
        let pipeline = PipelineId::schema();
        vec![
            from,
            to,
            query_parameter("undated", "Whether deals without a day count", undated),
            query_parameter("pipeline_id", "Of this pipeline only", pipeline),
        ]
    }
}

fn month(text: &str) -> Result<Month, Error> {
    let day: crm_core::kernel::Date = text.parse().map_err(Error::from)?;
    Month::try_from(day).map_err(Error::from)
}

pub(super) fn declare(api: &mut Api) {
    api.document.tag("pipelines", "Pipelines, their stages, boards and forecasts");
    pipelines(api);
    stages(api);
    reasons(api);
    reports(api);
}

fn pipelines(api: &mut Api) {
    let endpoint = get("/pipelines").tag("pipelines").says("Lists pipelines").needs(P::PipelineRead);
    api.add(endpoint, |s: Session, _: Call| async move {
        let rows = s.pipelines().list().await?;
        Ok::<_, Problem>(Many(rows.into_iter().map(Record).collect::<Vec<Record<Pipeline>>>()))
    });
    let endpoint = post("/pipelines").tag("pipelines").says("Makes a pipeline").needs(P::PipelineConfigure);
    api.add(endpoint, |s: Session, c: Call<(), (), Json<NewPipeline>>| async move {
        s.pipelines().create(c.body.0).await.map(|made| Created(Plain(PipelineView::from(made))))
    });
    let endpoint =
        get("/pipelines/{id}").tag("pipelines").says("Reads a pipeline and its stages").needs(P::PipelineRead);
    api.add(endpoint, |s: Session, c: Call<PipelineId>| async move {
        s.pipelines().get(c.path).await.map(|read| Plain(PipelineView::from(read)))
    });
    let endpoint = patch("/pipelines/{id}").tag("pipelines").says("Renames, places or (de)activates it");
    api.add(
        endpoint.needs(P::PipelineConfigure).guarded(),
        |s: Session, c: Call<PipelineId, (), Json<PipelinePatch>>| async move {
            let version = version(&s, &c).await?;
            s.pipelines().change(c.path, version, c.body.0).await.map(Record).map_err(Problem::from)
        },
    );
    let endpoint = put("/pipelines/{id}/stages").tag("pipelines").says("Arranges its stages as a whole");
    api.add(
        endpoint.needs(P::PipelineConfigure).guarded(),
        |s: Session, c: Call<PipelineId, (), Json<StageList>>| async move {
            let version = version(&s, &c).await?;
            let made = s.pipelines().arrange(c.path, version, c.body.0).await?;
            Ok::<_, Problem>(Plain(PipelineView::from(made)))
        },
    );
    let endpoint = delete("/pipelines/{id}").tag("pipelines").says("Removes a pipeline without deals");
    api.add(endpoint.needs(P::PipelineConfigure).guarded(), |s: Session, c: Call<PipelineId>| async move {
        let version = version(&s, &c).await?;
        s.pipelines().delete(c.path, version).await.map(|()| Nothing).map_err(Problem::from)
    });
}

async fn version<Q, B>(s: &Session, c: &Call<PipelineId, Q, B>) -> Result<i64, Problem> {
    c.version(async { Ok(s.pipelines().get(c.path).await?.pipeline) }).await
}

/// The stages as wishes, from which a list with one more, one less or one changed is made.
fn wishes(stages: &[crm_core::kernel::Stored<Stage>]) -> Vec<NewStage> {
    let open = |kind| kind == StageKind::Open;
    let wish = |row: &crm_core::kernel::Stored<Stage>| NewStage {
        id: Some(row.id),
        name: row.name.clone(),
        kind: row.kind,
        probability: open(row.kind).then_some(row.probability),
        forecast_category: open(row.kind).then_some(row.forecast_category),
        rot_after_days: row.rot_after_days,
        guard: row.guard.clone(),
    };
    stages.iter().map(wish).collect()
}

/// The pipeline that a stage belongs to.
async fn pipeline_of(s: &Session, id: StageId) -> Result<crm_core::pipeline::PipelineWithStages, Error> {
    for pipeline in s.pipelines().list().await? {
        let read = s.pipelines().get(pipeline.id).await?;
        if read.stages.iter().any(|stage| stage.id == id) {
            return Ok(read);
        }
    }
    Err(RecordNotFound { entity: "stage", id: id.uuid() }.into())
}

fn stages(api: &mut Api) {
    let endpoint = get("/pipeline/stages").tag("pipelines").says("All stages of all pipelines").needs(P::PipelineRead);
    api.add(endpoint, |s: Session, _: Call| async move {
        let mut all: Vec<Record<Stage>> = Vec::new();
        for pipeline in s.pipelines().list().await? {
            all.extend(s.pipelines().get(pipeline.id).await?.stages.into_iter().map(Record));
        }
        Ok::<_, Problem>(Plain(all))
    });
    let endpoint = post("/pipeline/stages").tag("pipelines").says("Adds a stage behind those of its kind");
    api.add(endpoint.needs(P::PipelineConfigure), |s: Session, c: Call<(), (), Json<StageToAdd>>| async move {
        let StageToAdd { pipeline_id, stage } = c.body.0;
        let first =
            s.pipelines().list().await?.into_iter().find(|pipeline| pipeline.active).map(|pipeline| pipeline.id);
        let none = Error::from(crm_core::pipeline::PipelineRefusal::NoneActive);
        let read = s.pipelines().get(pipeline_id.or(first).ok_or(none)?).await?;
        let mut stages = wishes(&read.stages);
        let place = stages.iter().rposition(|other| other.kind == stage.kind).map_or(stages.len(), |last| last + 1);
        stages.insert(place, NewStage { id: None, ..stage });
        let list = StageList { stages, moves: BTreeMap::new() };
        let made = s.pipelines().arrange(read.pipeline.id, read.pipeline.version, list).await?;
        Ok::<_, Problem>(Created(Plain(PipelineView::from(made))))
    });
    let endpoint = put("/pipeline/stages/{id}").tag("pipelines").says("Changes a stage").needs(P::PipelineConfigure);
    api.add(endpoint, |s: Session, c: Call<StageId, (), Json<NewStage>>| async move {
        let read = pipeline_of(&s, c.path).await?;
        let mut stages = wishes(&read.stages);
        if let Some(stage) = stages.iter_mut().find(|stage| stage.id == Some(c.path)) {
            *stage = NewStage { id: Some(c.path), ..c.body.0 };
        }
        let list = StageList { stages, moves: BTreeMap::new() };
        let made = s.pipelines().arrange(read.pipeline.id, read.pipeline.version, list).await?;
        Ok::<_, Problem>(Plain(PipelineView::from(made)))
    });
    let endpoint = delete("/pipeline/stages/{id}").tag("pipelines").says("Removes a stage; its deals go elsewhere");
    api.add(endpoint.needs(P::PipelineConfigure), |s: Session, c: Call<StageId, StageRemoval>| async move {
        let read = pipeline_of(&s, c.path).await?;
        let mut stages = wishes(&read.stages);
        stages.retain(|stage| stage.id != Some(c.path));
        let moves = c.query.to.into_iter().map(|to| (c.path, to)).collect();
        let list = StageList { stages, moves };
        s.pipelines().arrange(read.pipeline.id, read.pipeline.version, list).await?;
        Ok::<_, Problem>(Nothing)
    });
}

fn reasons(api: &mut Api) {
    let endpoint = get("/close-reasons").tag("pipelines").says("Why deals are won or lost").needs(P::PipelineRead);
    api.add(endpoint, |s: Session, _: Call| async move {
        let rows = s.pipelines().reasons().await?;
        Ok::<_, Problem>(Many(rows.into_iter().map(Record).collect::<Vec<Record<CloseReason>>>()))
    });
    let endpoint = post("/close-reasons").tag("pipelines").says("Adds a reason").needs(P::PipelineConfigure);
    api.add(endpoint, |s: Session, c: Call<(), (), Json<ReasonToMake>>| async move {
        s.pipelines().create_reason(c.body.0.kind, c.body.0.name).await.map(|row| Created(Record(row)))
    });
    let endpoint = put("/close-reasons/{id}").tag("pipelines").says("Renames or (de)activates a reason");
    api.add(
        endpoint.needs(P::PipelineConfigure).guarded(),
        |s: Session, c: Call<CloseReasonId, (), Json<ReasonToChange>>| async move {
            let present = async {
                let rows = s.pipelines().reasons().await?;
                let row = rows.into_iter().find(|row| row.id == c.path);
                row.ok_or_else(|| RecordNotFound { entity: "close_reason", id: c.path.uuid() }.into())
            };
            let version = c.version(present).await?;
            let ReasonToChange { name, active } = c.body.0;
            s.pipelines().change_reason(c.path, version, name, active).await.map(Record).map_err(Problem::from)
        },
    );
}

fn reports(api: &mut Api) {
    let endpoint = get("/pipelines/{id}/board").tag("pipelines").says("Its deals, stage by stage, summed");
    api.add(endpoint.needs(P::PipelineRead), |s: Session, c: Call<PipelineId, ListQuery<Opportunity>>| async move {
        let filter: Predicate<Opportunity> = c.query.filter().clone();
        s.pipelines().board(c.path, filter).await.map(|board| Plain(BoardView::from(board)))
    });
    let endpoint =
        get("/forecast").tag("pipelines").says("What will be sold, by month and owner").needs(P::ForecastRead);
    api.add(endpoint, |s: Session, c: Call<(), ForecastQuery>| async move {
        s.pipelines().forecast(c.query.0).await.map(|forecast| Plain(ForecastView::from(forecast)))
    });
    let endpoint = post("/forecast/overrides").tag("pipelines").says("Says what will be sold, whatever the deals say");
    api.add(endpoint.needs(P::ForecastOverride), |s: Session, c: Call<(), (), Json<NewForecastOverride>>| async move {
        s.pipelines().override_forecast(c.body.0).await.map(|row| Created(Record::<ForecastOverride>(row)))
    });
    let endpoint = delete("/forecast/overrides/{id}").tag("pipelines").says("Takes that back").guarded();
    api.add(endpoint.needs(P::ForecastOverride), |s: Session, c: Call<ForecastOverrideId>| async move {
        let missing = async { Err(RecordNotFound { entity: "forecast_override", id: c.path.uuid() }.into()) };
        let version = c.version::<ForecastOverride>(missing).await?;
        s.pipelines().remove_override(c.path, version).await.map(|()| Nothing).map_err(Problem::from)
    });
}
