//! The counting.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value as Json;

use super::model::{Meter, UsageCounter, UsageEvent, UsageLimit, UsagePeriod, UsageRecord, UsageRefusal, UsageWarning};
use crate::agenda::Job;
use crate::billing::account::BillingAccount;
use crate::billing::catalogue::PlanLimit;
use crate::billing::gateway::{BillingGateway, GatewayError};
use crate::billing::request::MeterEvent;
use crate::kernel::{Page, Result, Stored, Timestamp};
use crate::store::{Session, StoreError, UnitOfWork};

/// The kind of job that tells the provider of use that is billed.
pub const REPORT: &str = "billing.report_usage";
/// Per cent of a limit at which it is warned.
const THRESHOLDS: [i64; 3] = [80, 90, 100];
/// How late the provider takes a record: 35 days, less one to be sure.
const TAKEN_LATE: Duration = Duration::from_hours(24 * 34);
/// How many records one run of the reporting takes.
const RECORDS_IN_A_RUN: u32 = 200;

/// What counting came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// It was counted; so much is used now.
    Now(i64),
    /// It was counted before; so much is used.
    Before(i64),
}

/// The thresholds, in per cent, that this much of a limit has reached. Exact for any numbers.
pub fn thresholds_reached(used: i64, limit: i64) -> impl Iterator<Item = i64> {
    let (used, limit) = (u128::try_from(used).unwrap_or(0), u128::try_from(limit).unwrap_or(0));
    THRESHOLDS.into_iter().filter(move |threshold| {
        let threshold = u128::try_from(*threshold).unwrap_or(0);
        limit > 0 && used * 100 >= limit * threshold
    })
}

/// Counts a use in the unit of work in which it happens, so that both are kept or neither.
///
/// # Errors
/// `UsageRefusal` when it would go beyond a hard limit; `StoreError::Conflict` when someone counts at the same time.
pub async fn record_usage(
    uow: &mut UnitOfWork<'_>,
    meter: Meter,
    key: &str,
    quantity: i64,
    occurred_at: Timestamp,
) -> Result<Counted> {
    if key.is_empty() || key.chars().count() > 200 {
        return Err(UsageRefusal::MalformedKey.into());
    }
    let period_start = meter.period().start(occurred_at);
    let counter = counter(uow, meter, period_start).await?;
    let used = counter.as_ref().map_or(0, |row| row.used);
    let known = UsageRecord::KEY.is(key).and(UsageRecord::METER.is(meter.as_str()));
    if !uow.list(&known, &Page::first(1)).await?.is_empty() {
        return Ok(Counted::Before(used));
    }
    let limit = limit_in_force(uow, meter).await?;
    let after = used.saturating_add(quantity).max(0);
    if let Some(hard) = limit.as_ref().and_then(|limit| limit.hard)
        && quantity > 0
        && after > hard
    {
        return Err(UsageRefusal::LimitReached { meter, used, limit: hard, wanted: quantity }.into());
    }
    let record = UsageRecord { meter, usage_key: key.to_owned(), quantity, occurred_at, reported: false };
    uow.add_parts(vec![record]).await?;
    match counter {
        Some(mut row) => {
            row.value.used = after;
            uow.save_part(row).await?;
        }
        None => {
            uow.add_parts(vec![UsageCounter { meter, period_start, used: after }]).await?;
        }
    }
    if let Some(limit) = limit.and_then(|limit| limit.warned_at()) {
        warn(uow, meter, period_start, after, limit).await?;
    }
    if uow.find_of_anyone(BillingAccount::id_of(uow.organization())).await?.is_some_and(|a| !a.customers.is_empty()) {
        let now = uow.now();
        uow.schedule(Job::at(now, REPORT, Json::Null).unique(REPORT)).await?;
    }
    Ok(Counted::Now(after))
}

/// Gives the warnings that this use calls for and that were not given yet for this period and limit.
pub(super) async fn warn(
    uow: &mut UnitOfWork<'_>,
    meter: Meter,
    period_start: Timestamp,
    used: i64,
    limit: i64,
) -> Result<()> {
    let of_period = UsageWarning::METER.is(meter.as_str()).and(UsageWarning::PERIOD_START.is(period_start));
    let given = uow.list_all(&of_period).await?;
    for threshold in thresholds_reached(used, limit) {
        if given.iter().all(|known| (known.limit_value, known.threshold) != (limit, threshold)) {
            let warning = UsageWarning { meter, period_start, limit_value: limit, threshold };
            uow.insert(warning, UsageEvent::Warned { used }).await?;
        }
    }
    Ok(())
}

pub(super) async fn counter(
    uow: &mut UnitOfWork<'_>,
    meter: Meter,
    period_start: Timestamp,
) -> Result<Option<Stored<UsageCounter>>> {
    let wanted = UsageCounter::METER.is(meter.as_str()).and(UsageCounter::PERIOD_START.is(period_start));
    Ok(uow.list(&wanted, &Page::first(1)).await?.pop())
}

/// The organization's own limit, or else that of its plan.
async fn limit_in_force(uow: &mut UnitOfWork<'_>, meter: Meter) -> Result<Option<UsageLimit>> {
    if let Some(own) = limit_of(uow, meter).await? {
        return Ok(Some(own.value));
    }
    let account = uow.find_of_anyone(BillingAccount::id_of(uow.organization())).await?;
    Ok(account.and_then(|account| of_plan(&account.plan_limits, meter)))
}

/// The limit of a plan.
pub(super) fn of_plan(limits: &[PlanLimit], meter: Meter) -> Option<UsageLimit> {
    let limit = limits.iter().find(|limit| limit.meter == meter)?;
    Some(UsageLimit { meter, soft: None, hard: Some(limit.hard) })
}

pub(super) async fn limit_of(uow: &mut UnitOfWork<'_>, meter: Meter) -> Result<Option<Stored<UsageLimit>>> {
    Ok(uow.list(&UsageLimit::METER.is(meter.as_str()), &Page::first(1)).await?.pop())
}

/// Does a [`REPORT`] job: tells the provider of use that is billed. Each record counts there once, by its identifier.
pub(in crate::billing) async fn run_report(
    session: &Session,
    job: &Stored<Job>,
    gateway: &dyn BillingGateway,
    meters: &BTreeMap<Meter, String>,
) -> Result<()> {
    use crate::access::Permission::AgendaRun;
    let mut uow = session.begin(AgendaRun).await?;
    let account = uow.find_of_anyone(BillingAccount::id_of(uow.organization())).await?;
    let customer = account.and_then(|account| account.customers.first().map(|known| known.customer_id.clone()));
    let records = uow.list(&UsageRecord::REPORTED.is(false), &Page::first(RECORDS_IN_A_RUN)).await?;
    let earliest = uow.now().minus(TAKEN_LATE);
    drop(uow);
    let mut untold = Vec::new();
    for record in &records {
        // A standing count is no sum of uses; the provider is told of those alone that happen.
        let (Some(meter), Some(customer)) = (meters.get(&record.meter), &customer) else { continue };
        if record.meter.period() == UsagePeriod::Month && record.occurred_at < earliest {
            untold.push(record.id);
        } else if record.meter.period() == UsagePeriod::Month {
            let identifier = record.id.to_string().parse();
            let identifier = identifier.map_err(|_| StoreError::Fault("a record has no name".into()))?;
            let (value, occurred_at) = (record.quantity, record.occurred_at);
            let (meter, customer) = (meter.clone(), customer.clone());
            match gateway.record_usage(&MeterEvent { identifier, meter, customer, value, occurred_at }).await {
                // Said once; or one record that is never taken would hold up all that come after it.
                Err(GatewayError::Refused { .. } | GatewayError::NotFound { .. }) => untold.push(record.id),
                answer => answer?,
            }
        }
    }
    let mut uow = session.begin(AgendaRun).await?;
    uow.finish(job).await?;
    let more = u32::try_from(records.len()).is_ok_and(|count| count >= RECORDS_IN_A_RUN);
    for mut record in records {
        record.value.reported = true;
        let record = uow.save_part(record).await?;
        if untold.contains(&record.id) {
            uow.say(&record, &UsageEvent::NotTaken { quantity: record.quantity })?;
        }
    }
    if more {
        let now = uow.now();
        uow.schedule(Job::at(now, REPORT, Json::Null).unique(REPORT)).await?;
    }
    uow.commit().await
}
