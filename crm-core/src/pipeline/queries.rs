//! What the board and the forecast ask of a store beyond lists.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::month::Month;
use super::opportunity::Opportunity;
use super::stage::{ForecastCategory, StageId, StageKind};
use crate::access::MemberId;
use crate::kernel::currency::Currency;
use crate::kernel::page::LARGEST_PAGE;
use crate::kernel::{Page, Predicate, Stored};
use crate::store::{Records, StoreResult};

/// The deals of one currency in one stage, added up exactly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StageTotal {
    /// The stage.
    pub stage_id: StageId,
    /// The currency.
    pub currency: Currency,
    /// How many deals.
    pub count: i64,
    /// Sum of the amounts in minor units; beyond what one deal can hold.
    pub amount_minor: i128,
    /// Sum of [`Opportunity::weighted`] in minor units.
    pub weighted_minor: i128,
}

/// The deals of one month, owner, category and currency, added up exactly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForecastTotal {
    /// The month of [`Opportunity::forecast_day`]; nothing for open deals without an expected close.
    pub period: Option<Month>,
    /// The owner.
    pub owner_id: Option<MemberId>,
    /// The category.
    pub category: ForecastCategory,
    /// The currency.
    pub currency: Currency,
    /// How many deals.
    pub count: i64,
    /// Sum of the amounts in minor units; beyond what one deal can hold.
    pub amount_minor: i128,
    /// Sum of [`Opportunity::weighted`] in minor units.
    pub weighted_minor: i128,
}

/// Totals over the deals that match. The filter already holds what the caller may see.
///
/// The methods here read page after page and are the reference: a store that can group may answer with one statement,
/// and must answer the same. Half-even of `amount * probability / 100` for amounts from 0 on, in whole numbers that do
/// not overflow: `q + (r > 50 or (r = 50 and q is odd))` with quotient `q` and remainder `r`. The order of the totals
/// is that of their fields.
#[async_trait]
pub trait PipelineReport: Records<Opportunity> {
    /// Totals by stage and currency.
    async fn totals_by_stage(&mut self, filter: &Predicate<Opportunity>) -> StoreResult<Vec<StageTotal>> {
        let mut sums: BTreeMap<_, Sum> = BTreeMap::new();
        visit(self, filter, |row| sums.entry((row.stage_id, row.currency)).or_default().add(row)).await?;
        let total = |((stage_id, currency), sum): ((StageId, Currency), Sum)| {
            let Sum { count, amount_minor, weighted_minor } = sum;
            StageTotal { stage_id, currency, count, amount_minor, weighted_minor }
        };
        Ok(sums.into_iter().map(total).collect())
    }

    /// Totals by month, owner, category and currency. Lost deals are worth nothing and are left out.
    async fn totals_by_forecast(&mut self, filter: &Predicate<Opportunity>) -> StoreResult<Vec<ForecastTotal>> {
        let mut sums: BTreeMap<_, Sum> = BTreeMap::new();
        let counted = filter.clone().and(Opportunity::STATUS.is(StageKind::Lost.as_str()).negated());
        visit(self, &counted, |row| {
            let period = row.forecast_day().map(Month::of);
            sums.entry((period, row.owner_id, row.forecast_category, row.currency)).or_default().add(row);
        })
        .await?;
        let mut totals = Vec::with_capacity(sums.len());
        for ((period, owner_id, category, currency), sum) in sums {
            let Sum { count, amount_minor, weighted_minor } = sum;
            totals.push(ForecastTotal { period, owner_id, category, currency, count, amount_minor, weighted_minor });
        }
        Ok(totals)
    }
}

#[derive(Default)]
struct Sum {
    count: i64,
    amount_minor: i128,
    weighted_minor: i128,
}

impl Sum {
    fn add(&mut self, row: &Opportunity) {
        self.count += 1;
        self.amount_minor += i128::from(row.amount_minor);
        self.weighted_minor += i128::from(row.weighted().minor());
    }
}

async fn visit<R: Records<Opportunity> + ?Sized>(
    records: &mut R,
    filter: &Predicate<Opportunity>,
    mut each: impl FnMut(&Stored<Opportunity>) + Send,
) -> StoreResult<()> {
    let mut page = Page::first(LARGEST_PAGE);
    loop {
        let rows = records.list(filter, &page).await?;
        rows.iter().for_each(&mut each);
        let full = u32::try_from(rows.len()).is_ok_and(|count| count >= page.limit());
        match rows.last() {
            Some(last) if full => page = page.following(last),
            _ => return Ok(()),
        }
    }
}
