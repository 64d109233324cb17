//! Pipelines, the deals that go through them, and what they promise.
//!
//! A [`Pipeline`] has a list of [`Stage`]s: one won, at least one lost, at least one open; the list is replaced as one
//! command, and a stage with deals goes only when it is said where they go. An [`Opportunity`] stands in one stage and
//! its status is that stage's kind: `open`, `won` or `lost` (the table of steps is in `steps`). A [`Guard`] names
//! everything that is missing to enter a stage, and can be asked beforehand. Closing needs a [`CloseReason`]. Board and
//! [`Forecast`] add up what the caller may see, each currency for itself, weighted amounts rounded deal by deal; what a
//! person forecasts instead stands beside that ([`ForecastOverride`]). Changing a stage's defaults touches no deal.
//!
//! Refused: see [`OpportunityRefusal`], [`PipelineRefusal`], [`GuardRefusal`]. Said: `pipeline.created`, `.changed`,
//! `.arranged`, `.deleted`; `close_reason.created`, `.changed`; `opportunity.created`, `.changed`, `.stage_changed`,
//! `.pipeline_changed`, `.stage_replaced`, `.won`, `.lost`, `.reopened`, `.touched`, `.contact_added`,
//! `.contact_removed`, `.deleted`; `forecast_override.set`, `.changed`, `.removed`. [`stage_visits`] is derived from them.

mod board;
mod event;
mod fields;
mod forecast;
mod forecast_override;
mod guard;
mod history;
mod layout;
mod model;
mod month;
mod opportunity;
mod opportunity_service;
mod participant;
mod queries;
mod refusal;
mod report_service;
mod rotting;
mod seed;
mod service;
mod stage;
mod steps;
mod writing;

pub use board::{Board, BoardColumn, Total, board, totals_by_currency};
pub use event::{Beginning, OpportunityEvent, StageRef, Step};
pub use forecast::{Forecast, ForecastRow, ForecastSum};
pub use forecast_override::{
    ForecastOverride, ForecastOverrideEvent, ForecastOverrideId, NegativeForecast, NewForecastOverride,
};
pub use guard::{Guard, GuardRefusal, Missing, RequiredField, RequiredFieldError, check_entry};
pub use history::{StageVisit, stage_visits};
pub use model::{
    CloseReason, CloseReasonEvent, CloseReasonId, NewPipeline, Outcome, Pipeline, PipelineEvent, PipelineId,
    PipelinePatch, PipelineRefusal, StageList,
};
pub use month::{Month, NotAMonth};
pub use opportunity::{NewOpportunity, Opportunity, OpportunityId, OpportunityPatch, OpportunityStatus};
pub use opportunity_service::{Closing, Move, Opportunities, PipelineMove};
pub use participant::{OpportunityContact, OpportunityRole};
pub use queries::{ForecastTotal, PipelineReport, StageTotal};
pub use refusal::OpportunityRefusal;
pub use report_service::ForecastScope;
pub use rotting::{Rotting, rots, rotting};
pub use seed::seed_default;
pub use service::{PipelineWithStages, Pipelines, stages_of};
pub use stage::{ForecastCategory, NewStage, NotAProbability, Probability, Stage, StageId, StageKind};
pub use steps::{close, move_to, relocate, reopen};
pub use writing::{
    OpportunityDraft, draft_opportunity, first_stage, insert_opportunities, save_opportunity, touch_opportunity,
};

#[cfg(test)]
mod tests;
