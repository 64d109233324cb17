//! Answers that are put together from several records, as they go over the wire.

use crm_core::access::{CustomRoleId, Member, MemberId, StandardRole};
use crm_core::activity::{Activity, TimelineEntry, TimelineItem};
use crm_core::assignment::{AssignmentRule, RuleWarning, SavedRules};
use crm_core::event::Event;
use crm_core::import::Import;
use crm_core::import::{ImportIssue, ImportReport, Start};
use crm_core::kernel::{Currency, EmailAddress, Name, Stored, Timestamp};
use crm_core::pipeline::{
    Board, Forecast, ForecastOverride, ForecastSum, Month, Pipeline, PipelineWithStages, Stage, StageKind, StageVisit,
    Total,
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::Record;

/// A member, without what only stores need.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MemberView {
    id: MemberId,
    version: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
    name: Name,
    email: EmailAddress,
    role: StandardRole,
    custom_role_id: Option<CustomRoleId>,
    active: bool,
}

impl From<Stored<Member>> for MemberView {
    fn from(row: Stored<Member>) -> Self {
        let Stored { id, version, created_at, updated_at, value } = row;
        let Member { name, email, role, custom_role_id, active, .. } = value;
        Self { id, version, created_at, updated_at, name, email, role, custom_role_id, active }
    }
}

/// A pipeline and its stages in order.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PipelineView {
    pipeline: Record<Pipeline>,
    stages: Vec<Record<Stage>>,
}

impl From<PipelineWithStages> for PipelineView {
    fn from(made: PipelineWithStages) -> Self {
        Self { pipeline: Record(made.pipeline), stages: made.stages.into_iter().map(Record).collect() }
    }
}

/// One column of a board.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ColumnView {
    stage: Record<Stage>,
    count: i64,
    totals: Vec<Total>,
}

/// A pipeline's deals, stage by stage.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct BoardView {
    pipeline: Record<Pipeline>,
    columns: Vec<ColumnView>,
    open: Vec<Total>,
}

impl From<Board> for BoardView {
    fn from(board: Board) -> Self {
        let columns = board.columns.into_iter();
        let column = |column: crm_core::pipeline::BoardColumn| ColumnView {
            stage: Record(column.stage),
            count: column.count,
            totals: column.totals,
        };
        Self { pipeline: Record(board.pipeline), columns: columns.map(column).collect(), open: board.open }
    }
}

/// What an owner will sell in a month, in one currency.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ForecastLine {
    /// Nothing for deals without a day.
    period: Option<Month>,
    owner_id: Option<MemberId>,
    currency: Currency,
    computed: ForecastSum,
    overrides: Vec<Record<ForecastOverride>>,
}

/// What will be sold.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ForecastView {
    rows: Vec<ForecastLine>,
}

impl From<Forecast> for ForecastView {
    fn from(forecast: Forecast) -> Self {
        let rows = forecast.rows.into_iter().map(|row| ForecastLine {
            period: row.period,
            owner_id: row.owner_id,
            currency: row.currency,
            computed: row.computed,
            overrides: row.overrides.into_iter().map(Record).collect(),
        });
        Self { rows: rows.collect() }
    }
}

/// A stay of a deal in a stage.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct VisitView {
    stage_id: crm_core::pipeline::StageId,
    stage_name: Name,
    stage_kind: StageKind,
    /// Which of its visits to this stage it is, from 1.
    visit: u32,
    entered_at: Timestamp,
    left_at: Option<Timestamp>,
    seconds: u64,
}

impl From<StageVisit> for VisitView {
    fn from(visit: StageVisit) -> Self {
        Self {
            stage_id: visit.stage.id,
            stage_name: visit.stage.name,
            stage_kind: visit.stage.kind,
            visit: visit.visit,
            entered_at: visit.entered_at,
            left_at: visit.left_at,
            seconds: visit.duration.as_secs(),
        }
    }
}

/// One entry of a record's feed: an activity or an event.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FeedEntry {
    at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    activity: Option<Record<Activity>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<Record<Event>>,
}

impl From<TimelineEntry> for FeedEntry {
    fn from(entry: TimelineEntry) -> Self {
        match entry.item {
            TimelineItem::Activity(row) => Self { at: entry.at, activity: Some(Record(*row)), event: None },
            TimelineItem::Event(row) => Self { at: entry.at, activity: None, event: Some(Record(*row)) },
        }
    }
}

/// Rules of assignment as they were saved, and what seems wrong with them.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SavedRulesView {
    rules: Vec<Record<AssignmentRule>>,
    warnings: Vec<RuleWarning>,
}

impl From<SavedRules> for SavedRulesView {
    fn from(saved: SavedRules) -> Self {
        Self { rules: saved.rules.into_iter().map(Record).collect(), warnings: saved.warnings }
    }
}

/// What became of an import.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ImportReportView {
    import: Record<Import>,
    /// What is wrong with rows; the first few of many.
    issues: Vec<ImportIssue>,
    /// Whether a dry run is exact, and not only likely.
    exact: bool,
}

impl From<ImportReport> for ImportReportView {
    fn from(report: ImportReport) -> Self {
        Self { import: Record(report.import), issues: report.issues, exact: report.exact }
    }
}

/// How an import began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Beginning {
    Begun,
    Resumed,
    AlreadyImported,
}

impl From<&Start> for Beginning {
    fn from(start: &Start) -> Self {
        match start {
            Start::Begun(_) => Self::Begun,
            Start::Resumed(_) => Self::Resumed,
            Start::AlreadyImported(_) => Self::AlreadyImported,
        }
    }
}
