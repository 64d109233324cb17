//! Deals of a period, and those that are open now.

use serde::Serialize;

use super::Period;
use super::counting::basis_points;
use crate::kernel::money::{Money, MoneyError};
use crate::kernel::{Field, Name, Predicate, Result, Stored, Test, Value};
use crate::pipeline::{Opportunity, PipelineId, Stage, StageId, StageKind, StageTotal, Total, totals_by_currency};
use crate::store::UnitOfWork;

/// What was sold in a period, and what is there to be sold.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DealFigures {
    /// Deals that were made in it, by currency.
    pub created: Vec<Total>,
    /// Deals that were won in it, by currency.
    pub won: Vec<Total>,
    /// Deals that were lost in it, by currency.
    pub lost: Vec<Total>,
    /// Which share of those that were won or lost was won, in hundredths of a percent.
    pub win_basis_points: Option<i64>,
    /// What a deal that was won is worth on average, rounded half up, by currency.
    pub average_won: Vec<Money>,
    /// Deals that are open now, by currency.
    pub open: Vec<Total>,
    /// The same stage by stage; stages without a deal are left out.
    pub stages: Vec<StageFigures>,
}

/// The open deals in a stage.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StageFigures {
    /// The pipeline.
    pub pipeline_id: PipelineId,
    /// The stage.
    pub stage_id: StageId,
    /// What it is called.
    pub stage_name: Name,
    /// How many deals, of all currencies.
    pub count: i64,
    /// Totals by currency.
    pub totals: Vec<Total>,
}

pub(super) async fn figures(
    uow: &mut UnitOfWork<'_>,
    period: Period,
    pipeline: Option<PipelineId>,
) -> Result<DealFigures> {
    let mut visible: Predicate<Opportunity> = uow.caller().sees();
    if let Some(pipeline) = pipeline {
        visible = visible.and(Opportunity::PIPELINE_ID.is(pipeline));
    }
    let within = |field: Field<Opportunity>| {
        let test = |test| Predicate::Test(field, test);
        test(Test::AtLeast(Value::Time(period.from))).and(test(Test::Below(Value::Time(period.to))))
    };
    let closed = within(Opportunity::CLOSED_AT.field());
    let is = |kind: StageKind| visible.clone().and(Opportunity::STATUS.is(kind.as_str()));
    let made = uow.tx().totals_by_stage(&visible.clone().and(within(Field::CREATED_AT))).await?;
    let won = uow.tx().totals_by_stage(&is(StageKind::Won).and(closed.clone())).await?;
    let lost = uow.tx().totals_by_stage(&is(StageKind::Lost).and(closed)).await?;
    let open = uow.tx().totals_by_stage(&is(StageKind::Open)).await?;
    let stages: Vec<Stored<Stage>> = uow.list_all(&Predicate::everything()).await?;
    let wins = number(&won);
    let (won, lost_deals) = (totals_by_currency(won.iter())?, number(&lost));
    Ok(DealFigures {
        created: totals_by_currency(made.iter())?,
        lost: totals_by_currency(lost.iter())?,
        win_basis_points: basis_points(wins, wins.saturating_add(lost_deals)),
        average_won: won.iter().filter_map(average).collect(),
        won,
        stages: by_stage(stages.into_iter().map(|row| (row.id, row.value)), &open)?,
        open: totals_by_currency(open.iter())?,
    })
}

fn number(totals: &[StageTotal]) -> i64 {
    totals.iter().map(|total| total.count).sum()
}

fn average(total: &Total) -> Option<Money> {
    let (sum, count) = (i128::from(total.amount.minor()), i128::from(total.count));
    if count <= 0 {
        return None;
    }
    let minor = (sum + count / 2).div_euclid(count);
    Some(Money::new(i64::try_from(minor).ok()?, total.amount.currency()))
}

fn by_stage(
    stages: impl Iterator<Item = (StageId, Stage)>,
    open: &[StageTotal],
) -> std::result::Result<Vec<StageFigures>, MoneyError> {
    let mut stages: Vec<_> = stages.collect();
    stages.sort_by_key(|(id, stage)| (stage.pipeline_id, stage.position, *id));
    let mut figures = Vec::new();
    for (stage_id, stage) in stages {
        let own = open.iter().filter(|total| total.stage_id == stage_id);
        let count = own.clone().map(|total| total.count).sum();
        if count > 0 {
            let (pipeline_id, stage_name) = (stage.pipeline_id, stage.name);
            figures.push(StageFigures { pipeline_id, stage_id, stage_name, count, totals: totals_by_currency(own)? });
        }
    }
    Ok(figures)
}
