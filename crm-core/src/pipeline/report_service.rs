//! Reads across deals: board, forecast and what rots, each of what the caller may see.

use super::board::{Board, board};
use super::forecast::Forecast;
use super::forecast_override::{ForecastOverride, ForecastOverrideEvent, ForecastOverrideId, NewForecastOverride};
use super::model::PipelineId;
use super::month::Month;
use super::opportunity::Opportunity;
use super::opportunity_service::Opportunities;
use super::rotting::rots;
use super::service::{Pipelines, stages_of};
use super::stage::{Stage, StageKind};
use crate::access::{Member, Permission};
use crate::event::changes;
use crate::kernel::{Entity, Page, Predicate, Result, Stored};
use crate::store::RecordNotFound;

/// Which deals a forecast counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ForecastScope {
    /// The first month.
    pub from: Month,
    /// The last month.
    pub to: Month,
    /// Whether open deals without an expected close are told too, in rows without a month.
    pub undated: bool,
    /// Only those of this pipeline. Overrides are of all pipelines, so they are left out then.
    pub pipeline_id: Option<PipelineId>,
}

impl Pipelines<'_> {
    /// What stands in each stage of a pipeline, among the deals that match and that the caller may see.
    ///
    /// ```
    /// # use crm_core::kernel::{Predicate};
    /// # use crm_core::pipeline::{NewOpportunity};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let deal = session.opportunities().create(NewOpportunity::named("Ten engines".parse()?)).await?;
    /// # let pipeline = session.pipelines().get(session.pipelines().list().await?[0].id).await?;
    /// let board = session.pipelines().board(pipeline.pipeline.id, Predicate::everything()).await?;
    /// assert_eq!(board.columns.len(), pipeline.stages.len());
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound` (pipeline), `MoneyError::Overflow`.
    pub async fn board(&self, id: PipelineId, filter: Predicate<Opportunity>) -> Result<Board> {
        let mut uow = self.0.begin(Permission::OpportunityRead).await?;
        let pipeline = uow.get(id).await?;
        let stages = stages_of(&mut uow, id).await?;
        let visible = uow.caller().sees().and(Opportunity::PIPELINE_ID.is(id)).and(filter);
        let totals = uow.tx().totals_by_stage(&visible).await?;
        Ok(board(pipeline, stages, &totals)?)
    }

    /// What will be sold, by month and owner, among the deals that the caller may see, and what persons say instead.
    ///
    /// # Errors
    /// `TimeError::OutOfRange`, `MoneyError::Overflow`.
    pub async fn forecast(&self, scope: ForecastScope) -> Result<Forecast> {
        let mut uow = self.0.begin(Permission::ForecastRead).await?;
        let visible = uow.caller().sees().and(in_scope(&scope)?);
        let totals = uow.tx().totals_by_forecast(&visible).await?;
        let (from, to) = (scope.from.first_day(), scope.to.first_day());
        let period = ForecastOverride::PERIOD.at_least(from).and(ForecastOverride::PERIOD.at_most(to));
        let overrides = if scope.pipeline_id.is_none() { uow.list_all(&period).await? } else { Vec::new() };
        Ok(Forecast::new(&totals, overrides)?)
    }

    /// Sets what a person thinks that an owner will sell, in the place of what was set before.
    ///
    /// # Errors
    /// `NegativeForecast`; `RecordNotFound` when the caller may not see that owner's deals.
    pub async fn override_forecast(&self, new: NewForecastOverride) -> Result<Stored<ForecastOverride>> {
        let mut uow = self.0.begin(Permission::ForecastOverride).await?;
        let wanted = uow.fresh(uow.new_id(), ForecastOverride::new(new)?);
        if !uow.caller().sees().matches(&wanted) {
            return Err(RecordNotFound { entity: Member::NAME, id: wanted.owner_id.uuid() }.into());
        }
        let place = ForecastOverride::OWNER_ID
            .is(wanted.owner_id)
            .and(ForecastOverride::PERIOD.is(wanted.period.first_day()))
            .and(ForecastOverride::CATEGORY.is(wanted.category.as_str()))
            .and(ForecastOverride::CURRENCY.is(wanted.currency.code()));
        let row = if let Some(mut row) = uow.list(&place, &Page::first(1)).await?.pop() {
            let changes = changes(&row.value, &wanted.value);
            row.value = wanted.value;
            uow.save(row, ForecastOverrideEvent::Changed { changes }).await?
        } else {
            let event = ForecastOverrideEvent::Set(wanted.value.clone());
            uow.insert_all(vec![(wanted.clone(), event)]).await?;
            wanted
        };
        uow.commit().await?;
        Ok(row)
    }

    /// Takes an override back.
    ///
    /// # Errors
    /// `RecordNotFound`, `StaleVersion`.
    pub async fn remove_override(&self, id: ForecastOverrideId, version: i64) -> Result<()> {
        let mut uow = self.0.begin(Permission::ForecastOverride).await?;
        let row = uow.get_at(id, Some(version)).await?;
        let event = ForecastOverrideEvent::Removed(row.value.clone());
        uow.delete(row, event).await?;
        uow.commit().await
    }
}

impl Opportunities<'_> {
    /// The open deals that rot now, in the page's order.
    ///
    /// ```
    /// # use crm_core::kernel::{Page};
    /// # use crm_core::pipeline::{NewOpportunity};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let deal = session.opportunities().create(NewOpportunity::named("Ten engines".parse()?)).await?;
    /// assert!(session.opportunities().rotting(&Page::first(50)).await?.is_empty(), "it was touched today");
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// Those of the door.
    pub async fn rotting(&self, page: &Page<Opportunity>) -> Result<Vec<Stored<Opportunity>>> {
        let mut uow = self.0.begin(Permission::OpportunityRead).await?;
        let stages = uow.list_all::<Stage>(&Stage::KIND.is(StageKind::Open.as_str())).await?;
        let rotten = rots(&stages, uow.now());
        uow.list(&rotten, page).await
    }
}

/// Open deals by their expected close, won ones by the day on which they were won.
fn in_scope(scope: &ForecastScope) -> Result<Predicate<Opportunity>> {
    let (first, behind) = (scope.from.first_day(), scope.to.next()?.first_day());
    let open = Opportunity::STATUS.is(StageKind::Open.as_str());
    let expected = Opportunity::EXPECTED_CLOSE.at_least(first).and(Opportunity::EXPECTED_CLOSE.below(behind));
    let expected = if scope.undated { expected.or(Opportunity::EXPECTED_CLOSE.is_empty()) } else { expected };
    let won = Opportunity::STATUS.is(StageKind::Won.as_str());
    let closed = Opportunity::CLOSED_AT.at_least(first.start()).and(Opportunity::CLOSED_AT.below(behind.start()));
    let counted = open.and(expected).or(won.and(closed));
    Ok(match scope.pipeline_id {
        Some(pipeline) => Opportunity::PIPELINE_ID.is(pipeline).and(counted),
        None => counted,
    })
}
