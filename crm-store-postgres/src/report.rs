//! Board and forecast: the deals are added up by the server, one row for each total.
//!
//! Sums are exact: the server adds bigints up as numerics, and they travel as text. The half-even share of an amount is
//! worked out in whole numbers, as the port says.

use std::collections::BTreeMap;

use async_trait::async_trait;
use crm_core::access::MemberId;
use crm_core::kernel::Predicate;
use crm_core::lead::{Lead, LeadReport, open_leads_of};
use crm_core::pipeline::{ForecastTotal, Opportunity, PipelineReport, StageKind, StageTotal};
use crm_core::store::StoreResult;
use sqlx::postgres::PgRow;

use crate::cell::{CellError, Kind};
use crate::predicate::render;
use crate::row::column;
use crate::statement::Draft;
use crate::tx::{PgTx, defect};

/// The month in which a deal counts, as its first day in UTC whatever the session's time zone.
const MONTH: &str = "date_trunc('month', coalesce(t.closed_at at time zone 'UTC', t.expected_close::timestamp))::date";

#[async_trait]
impl PipelineReport for PgTx<'_> {
    async fn totals_by_stage(&mut self, filter: &Predicate<Opportunity>) -> StoreResult<Vec<StageTotal>> {
        let rows = self.totals(&["t.stage_id", "t.currency"], filter).await?;
        let totals: Result<Vec<_>, CellError> = rows.iter().map(stage_total).collect();
        let mut totals = totals.map_err(defect)?;
        totals.sort_by_key(|total| (total.stage_id, total.currency));
        self.done();
        Ok(totals)
    }

    async fn totals_by_forecast(&mut self, filter: &Predicate<Opportunity>) -> StoreResult<Vec<ForecastTotal>> {
        let counted = filter.clone().and(Opportunity::STATUS.is(StageKind::Lost.as_str()).negated());
        let rows = self.totals(&[MONTH, "t.owner_id", "t.forecast_category", "t.currency"], &counted).await?;
        let totals: Result<Vec<_>, CellError> = rows.iter().map(forecast_total).collect();
        let mut totals = totals.map_err(defect)?;
        totals.sort_by_key(|total| (total.period, total.owner_id, total.category, total.currency));
        self.done();
        Ok(totals)
    }
}

#[async_trait]
impl LeadReport for PgTx<'_> {
    async fn open_leads(&mut self, owners: &[MemberId]) -> StoreResult<BTreeMap<MemberId, i64>> {
        self.begin_reading().await?;
        let table = self.store.tables.of::<Lead>()?;
        let text = "select t.owner_id, count(*) from crm.lead t where t.organization_id = $1 and ".to_owned();
        let mut draft = Draft { text, binds: self.binds().map_err(defect)? };
        render(&open_leads_of(owners), &mut draft).map_err(defect)?;
        draft.say(" group by t.owner_id");
        let rows = self.many(draft.once(), &table).await?;
        let count = |row| Ok((column(row, 0, Kind::Uuid)?, column(row, 1, Kind::BigInt)?));
        let counts: Result<_, CellError> = rows.iter().map(count).collect();
        let counts = counts.map_err(defect)?;
        self.done();
        Ok(counts)
    }
}

impl PgTx<'_> {
    /// One row for each combination of the keys: the keys, how many deals, their amounts and weighted amounts.
    async fn totals(&mut self, keys: &[&str], filter: &Predicate<Opportunity>) -> StoreResult<Vec<PgRow>> {
        self.begin_reading().await?;
        let table = self.store.tables.of::<Opportunity>()?;
        let mut draft = Draft { text: opening(keys), binds: self.binds().map_err(defect)? };
        render(filter, &mut draft).map_err(defect)?;
        draft.say(") w group by ");
        draft.say(&places(keys.len()));
        self.many(draft.once(), &table).await
    }
}

fn opening(keys: &[&str]) -> String {
    let named: Vec<_> = keys.iter().enumerate().map(|(place, key)| format!("{key} as k{place}")).collect();
    let labels: Vec<_> = (0..keys.len()).map(|place| format!("k{place}")).collect();
    let (named, labels) = (named.join(", "), labels.join(", "));
    // With quotient q and remainder r of amount * probability / 100, taken apart so that nothing overflows.
    let quotient = "t.amount_minor / 100 * t.probability + t.amount_minor % 100 * t.probability / 100";
    let rest = "t.amount_minor % 100 * t.probability % 100";
    format!(
        "select {labels}, count(*), sum(w.amount)::text, \
         sum(w.q + case when w.r > 50 or w.r = 50 and w.q % 2 = 1 then 1 else 0 end)::text \
         from (select {named}, t.amount_minor as amount, {quotient} as q, {rest} as r \
         from crm.opportunity t where t.organization_id = $1 and "
    )
}

fn places(count: usize) -> String {
    (1..=count).map(|place| place.to_string()).collect::<Vec<_>>().join(", ")
}

fn stage_total(row: &PgRow) -> Result<StageTotal, CellError> {
    Ok(StageTotal {
        stage_id: column(row, 0, Kind::Uuid)?,
        currency: column(row, 1, Kind::Text)?,
        count: column(row, 2, Kind::BigInt)?,
        amount_minor: sum(row, 3)?,
        weighted_minor: sum(row, 4)?,
    })
}

fn forecast_total(row: &PgRow) -> Result<ForecastTotal, CellError> {
    Ok(ForecastTotal {
        period: column(row, 0, Kind::Date)?,
        owner_id: column(row, 1, Kind::Uuid)?,
        category: column(row, 2, Kind::Text)?,
        currency: column(row, 3, Kind::Text)?,
        count: column(row, 4, Kind::BigInt)?,
        amount_minor: sum(row, 5)?,
        weighted_minor: sum(row, 6)?,
    })
}

/// A sum, which may be beyond what a bigint holds.
fn sum(row: &PgRow, place: usize) -> Result<i128, CellError> {
    column::<String>(row, place, Kind::Text)?.parse().map_err(CellError::new)
}
