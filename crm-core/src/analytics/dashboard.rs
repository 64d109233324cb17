//! What is there and waits, in numbers.

use std::time::Duration;

use serde::Serialize;

use super::activities::{in_state, overdue};
use super::counting::{count, sum};
use super::leads::{StatusCount, states};
use crate::access::Permission;
use crate::activity::{Activity, ActivityStatus};
use crate::kernel::{Predicate, Result};
use crate::lead::Lead;
use crate::pipeline::{Opportunity, StageKind, Total, totals_by_currency};
use crate::store::UnitOfWork;

const DAY: Duration = Duration::from_hours(24);

/// What is there and waits. What the caller may not read is absent.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Dashboard {
    /// Leads by their state; states without a lead are left out.
    pub leads: Option<Vec<StatusCount>>,
    /// Deals that are open.
    pub deals: Option<OpenDeals>,
    /// Activities that are to be done.
    pub activities: Option<OpenActivities>,
}

/// Deals that are open.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OpenDeals {
    /// How many, of all currencies.
    pub count: i64,
    /// Totals by currency.
    pub totals: Vec<Total>,
}

/// Activities that are to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OpenActivities {
    /// All of them.
    pub open: i64,
    /// Those that should be done by now.
    pub overdue: i64,
    /// Those that are to be done within the next 24 hours.
    pub due_next_day: i64,
}

pub(super) async fn dashboard(uow: &mut UnitOfWork<'_>) -> Result<Dashboard> {
    let may = |uow: &UnitOfWork<'_>, permission| uow.caller().check(permission).is_ok();
    let mut dashboard = Dashboard { leads: None, deals: None, activities: None };
    if may(uow, Permission::LeadRead) {
        dashboard.leads = Some(states(&count(uow, Lead::STATUS.field(), &Predicate::everything()).await?));
    }
    if may(uow, Permission::OpportunityRead) {
        let open = uow.caller().sees().and(Opportunity::STATUS.is(StageKind::Open.as_str()));
        let open = uow.tx().totals_by_stage(&open).await?;
        let count = open.iter().map(|total| total.count).sum();
        dashboard.deals = Some(OpenDeals { count, totals: totals_by_currency(open.iter())? });
    }
    if may(uow, Permission::ActivityRead) {
        let (now, open) = (uow.now(), in_state(ActivityStatus::Open));
        let soon = open.clone().and(Activity::DUE_AT.at_least(now)).and(Activity::DUE_AT.below(now.plus(DAY)));
        let kind = Activity::KIND.field();
        dashboard.activities = Some(OpenActivities {
            open: sum(&count(uow, kind, &open).await?),
            overdue: sum(&count(uow, kind, &overdue(now)).await?),
            due_next_day: sum(&count(uow, kind, &soon).await?),
        });
    }
    Ok(dashboard)
}
