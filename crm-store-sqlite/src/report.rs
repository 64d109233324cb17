//! Board and forecast: the deals are added up by the database, one row for each total. Counts are grouped by it, too.
//!
//! SQLite refuses sums beyond 64 bits, so that billions and the rest are summed apart and put together here. The half-even
//! share of an amount is worked out in whole numbers, as the port says.

use std::collections::BTreeMap;

use crm_core::access::MemberId;
use crm_core::kernel::{Date, Entity, Field, FieldKind, Predicate, Value};
use crm_core::lead::{Lead, open_leads_of};
use crm_core::pipeline::{ForecastTotal, Month, Opportunity, StageKind, StageTotal};
use crm_core::store::{Count, StoreError, StoreResult};
use serde::de::DeserializeOwned;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use crate::fault::fault;
use crate::predicate::render;
use crate::records::OpenRecords;
use crate::sql::{Sql, column, member};

const BILLION: i128 = 1_000_000_000;

/// Totals by stage and currency.
pub(crate) async fn by_stage(
    records: &mut OpenRecords,
    filter: &Predicate<Opportunity>,
) -> StoreResult<Vec<StageTotal>> {
    let rows = totals(records, &[member("stage_id"), member("currency")], filter).await?;
    let mut totals = rows.iter().map(stage_total).collect::<StoreResult<Vec<_>>>()?;
    totals.sort_by_key(|total| (total.stage_id, total.currency));
    Ok(totals)
}

/// Totals by month, owner, category and currency, without lost deals.
pub(crate) async fn by_forecast(
    records: &mut OpenRecords,
    filter: &Predicate<Opportunity>,
) -> StoreResult<Vec<ForecastTotal>> {
    let counted = filter.clone().and(Opportunity::STATUS.is(StageKind::Lost.as_str()).negated());
    // Instants and days are texts of fixed width, which begin alike.
    let month = format!("substr(coalesce({}, {}), 1, 7) || '-01'", member("closed_at"), member("expected_close"));
    let keys = [month, member("owner_id"), member("forecast_category"), member("currency")];
    let rows = totals(records, &keys, &counted).await?;
    let mut totals = rows.iter().map(forecast_total).collect::<StoreResult<Vec<_>>>()?;
    totals.sort_by_key(|total| (total.period, total.owner_id, total.category, total.currency));
    Ok(totals)
}

/// How many open leads each of these members owns.
pub(crate) async fn open_leads(records: &mut OpenRecords, owners: &[MemberId]) -> StoreResult<BTreeMap<MemberId, i64>> {
    let owner = member("owner_id");
    let mut sql = Sql::within(records.organization);
    sql.push(format_args!(
        "select count(*), {owner} from record where organization_id = ?1 and entity = '{}' and ",
        Lead::NAME
    ));
    render(&open_leads_of(owners), &mut sql);
    sql.push(format_args!(" group by {owner}"));
    let rows = sql.query().persistent(false).fetch_all(records.connection()).await.map_err(fault)?;
    rows.iter().map(|row| Ok((key(row, 1)?, row.try_get(0).map_err(fault)?))).collect()
}

/// How many of the records that match have each value of a field of text or identifiers, the most frequent first.
pub(crate) async fn counts<E: Entity>(
    records: &mut OpenRecords,
    field: Field<E>,
    filter: &Predicate<E>,
    most: u32,
) -> StoreResult<Vec<Count>> {
    let mut sql = Sql::within(records.organization);
    let value = column(field);
    sql.push(format_args!(
        "select {value} as k, count(*) as n from record where organization_id = ?1 and entity = '{}' and ",
        E::NAME
    ));
    render(filter, &mut sql);
    sql.push(format_args!(" group by k order by n desc, k is null, k limit {most}"));
    let rows = sql.query().persistent(false).fetch_all(records.connection()).await.map_err(fault)?;
    rows.iter().map(|row| count(row, field.kind)).collect()
}

fn count(row: &SqliteRow, kind: FieldKind) -> StoreResult<Count> {
    let value = match kind {
        FieldKind::Uuid => key::<Option<Uuid>>(row, 0)?.map(Value::Uuid),
        _ => key::<Option<String>>(row, 0)?.map(Value::Text),
    };
    Ok(Count { value, count: row.try_get(1).map_err(fault)? })
}

/// One row for each combination of the keys: how many deals, four sums, then the keys.
async fn totals(
    records: &mut OpenRecords,
    keys: &[String],
    filter: &Predicate<Opportunity>,
) -> StoreResult<Vec<SqliteRow>> {
    let named: Vec<_> = keys.iter().enumerate().map(|(place, key)| format!("{key} as k{place}")).collect();
    let labels: Vec<_> = (0..keys.len()).map(|place| format!("k{place}")).collect();
    let (named, labels) = (named.join(", "), labels.join(", "));
    let mut sql = Sql::within(records.organization);
    sql.push(format_args!(
        "with deal as materialized (select {} as amount, {} as probability, {named} from record \
         where organization_id = ?1 and entity = '{}' and ",
        member("amount_minor"),
        member("probability"),
        Opportunity::NAME
    ));
    render(filter, &mut sql);
    // With quotient q and remainder r of amount * probability / 100, taken apart so that nothing overflows.
    sql.push(format_args!(
        "), share as materialized (select amount, {labels}, \
         amount / 100 * probability + amount % 100 * probability / 100 as q, amount % 100 * probability % 100 as r \
         from deal), weighted as materialized (select amount, {labels}, \
         q + (r > 50 or (r = 50 and q % 2 = 1)) as weighted from share) \
         select count(*), sum(amount / {BILLION}), sum(amount % {BILLION}), sum(weighted / {BILLION}), \
         sum(weighted % {BILLION}), {labels} from weighted group by {labels}"
    ));
    sql.query().persistent(false).fetch_all(records.connection()).await.map_err(fault)
}

fn stage_total(row: &SqliteRow) -> StoreResult<StageTotal> {
    Ok(StageTotal {
        stage_id: key(row, 5)?,
        currency: key(row, 6)?,
        count: row.try_get(0).map_err(fault)?,
        amount_minor: sum(row, 1)?,
        weighted_minor: sum(row, 3)?,
    })
}

fn forecast_total(row: &SqliteRow) -> StoreResult<ForecastTotal> {
    let day: Option<Date> = key(row, 5)?;
    Ok(ForecastTotal {
        period: day.map(Month::of),
        owner_id: key(row, 6)?,
        category: key(row, 7)?,
        currency: key(row, 8)?,
        count: row.try_get(0).map_err(fault)?,
        amount_minor: sum(row, 1)?,
        weighted_minor: sum(row, 3)?,
    })
}

/// Billions, and what is left, in the place behind them.
fn sum(row: &SqliteRow, place: usize) -> StoreResult<i128> {
    let billions: i64 = row.try_get(place).map_err(fault)?;
    let rest: i64 = row.try_get(place + 1).map_err(fault)?;
    Ok(i128::from(billions) * BILLION + i128::from(rest))
}

/// A text or nothing, read as it is in JSON.
fn key<T: DeserializeOwned>(row: &SqliteRow, place: usize) -> StoreResult<T> {
    let text: Option<String> = row.try_get(place).map_err(fault)?;
    serde_json::from_value(text.into()).map_err(|error| StoreError::Fault(error.into()))
}
