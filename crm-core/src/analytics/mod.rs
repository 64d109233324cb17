//! Figures over leads, deals and activities, of what the caller may see.
//!
//! The store counts and adds up ([`Records::count_by`](crate::store::Records::count_by),
//! [`PipelineReport`](crate::pipeline::PipelineReport)); nothing is loaded record by record, and nothing is kept. Figures of
//! a period say which records they are of: leads are those that were *made* in it, as they stand now (a cohort), deals and
//! activities those that were *closed*, *done* or *due* in it.
//!
//! Shares are in hundredths of a percent (basis points), rounded half up, and nothing where there is nothing to share.
//!
//! The dashboard belongs to the basic service; the rest is `AdvancedAnalytics`.

mod activities;
mod counting;
mod dashboard;
mod deals;
mod leads;
#[cfg(test)]
mod tests;

pub use activities::{ActivityFigures, DueFigures, KindCount, OwnerCount};
pub use dashboard::{Dashboard, OpenActivities, OpenDeals};
pub use deals::{DealFigures, StageFigures};
pub use leads::{LeadFigures, OwnerFigures, SourceFigures, StatusCount};

use crate::access::Permission;
use crate::kernel::{Kind, Result, Rule, Timestamp};
use crate::pipeline::PipelineId;
use crate::store::{Session, UnitOfWork};

/// A stretch of time, from an instant on up to before another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    from: Timestamp,
    to: Timestamp,
}

/// A period ends before it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the period ends at {to}, which is not after {from}; give a later end")]
pub struct EndsBeforeItBegins {
    from: Timestamp,
    to: Timestamp,
}

impl Rule for EndsBeforeItBegins {
    fn code(&self) -> &'static str {
        "period.ends_before_it_begins"
    }
    fn kind(&self) -> Kind {
        Kind::Invalid
    }
    fn fields(&self) -> Vec<crate::kernel::FieldProblem> {
        vec![crate::kernel::FieldProblem::of("to", self)]
    }
}

impl Period {
    /// From an instant on, up to before another.
    ///
    /// # Errors
    /// `EndsBeforeItBegins`.
    pub fn new(from: Timestamp, to: Timestamp) -> std::result::Result<Self, EndsBeforeItBegins> {
        if from < to { Ok(Self { from, to }) } else { Err(EndsBeforeItBegins { from, to }) }
    }
}

/// Figures for a caller.
#[derive(Clone, Copy, Debug)]
pub struct Analytics<'a>(pub(crate) &'a Session);

impl<'a> Analytics<'a> {
    /// What is there and waits, in numbers. What the caller may not read is left out.
    ///
    /// ```
    /// # crm_core::testing::office::example(async |office, session| {
    /// let dashboard = session.analytics().dashboard().await?;
    /// assert_eq!(dashboard.activities.map(|waiting| waiting.overdue), Some(0));
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `PermissionMissing` when the caller may read nothing of it.
    pub async fn dashboard(&self) -> Result<Dashboard> {
        let caller = self.0.caller();
        let parts = [Permission::LeadRead, Permission::OpportunityRead, Permission::ActivityRead];
        let readable = parts.into_iter().find(|part| caller.check(*part).is_ok());
        dashboard::dashboard(&mut self.0.begin(readable.unwrap_or(Permission::LeadRead)).await?).await
    }

    /// The leads that were made in a period, and what became of them.
    ///
    /// ```
    /// # crm_core::testing::office::example(async |office, session| {
    /// # use crm_core::{analytics::Period, kernel::Clock};
    /// # let (now, day) = (office.clock.now(), std::time::Duration::from_hours(24));
    /// let figures = session.analytics().leads(Period::new(now.minus(day), now.plus(day))?).await?;
    /// assert_eq!((figures.created, figures.conversion_basis_points), (0, None));
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `PermissionMissing`, `SubscriptionRequired`.
    pub async fn leads(&self, period: Period) -> Result<LeadFigures> {
        leads::figures(&mut self.begin(Permission::LeadRead).await?, period).await
    }

    /// Deals that were made, won and lost in a period, and those that are open now; of one pipeline, where it is named.
    ///
    /// ```
    /// # crm_core::testing::office::example(async |office, session| {
    /// # use crm_core::{analytics::Period, kernel::Clock};
    /// # let (now, day) = (office.clock.now(), std::time::Duration::from_hours(24));
    /// let figures = session.analytics().deals(Period::new(now.minus(day), now.plus(day))?, None).await?;
    /// assert_eq!(figures.win_basis_points, None);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `PermissionMissing`, `SubscriptionRequired`, `MoneyError::Overflow`.
    pub async fn deals(&self, period: Period, pipeline: Option<PipelineId>) -> Result<DealFigures> {
        deals::figures(&mut self.begin(Permission::OpportunityRead).await?, period, pipeline).await
    }

    /// Activities that were made, done and due in a period.
    ///
    /// ```
    /// # crm_core::testing::office::example(async |office, session| {
    /// # use crm_core::{analytics::Period, kernel::Clock};
    /// # let (now, day) = (office.clock.now(), std::time::Duration::from_hours(24));
    /// let figures = session.analytics().activities(Period::new(now.minus(day), now.plus(day))?).await?;
    /// assert!(figures.done.is_empty());
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `PermissionMissing`, `SubscriptionRequired`.
    pub async fn activities(&self, period: Period) -> Result<ActivityFigures> {
        activities::figures(&mut self.begin(Permission::ActivityRead).await?, period).await
    }

    /// The door of the service, for somebody who may read such records.
    async fn begin(&self, records: Permission) -> Result<UnitOfWork<'a>> {
        self.0.caller().check(records)?;
        self.0.begin(Permission::AnalyticsRead).await
    }
}
