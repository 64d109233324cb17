//! The forecast: what will be sold, by month and owner, in each category and weighted. Pure.
//!
//! A category is given singly and cumulated: `commit` is closed and commit, `best_case` adds best case, `pipeline` adds
//! the rest that is open. Lost deals count for nothing, and omitted ones are told apart and never cumulated. What a
//! person thinks instead ([`ForecastOverride`]) stands beside the computed figures and is never mixed into them.

use std::collections::BTreeMap;

use serde::Serialize;

use super::board::money;
use super::forecast_override::ForecastOverride;
use super::month::Month;
use super::queries::ForecastTotal;
use super::stage::ForecastCategory;
use crate::access::MemberId;
use crate::kernel::Stored;
use crate::kernel::currency::Currency;
use crate::kernel::money::{Money, MoneyError};

/// What is forecast in one currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ForecastSum {
    /// How many deals, omitted ones included.
    pub count: i64,
    /// Possible.
    pub pipeline: Money,
    /// Likely, if things go well.
    pub best_case: Money,
    /// Promised.
    pub commit: Money,
    /// Won.
    pub closed: Money,
    /// Not counted.
    pub omitted: Money,
    /// Amounts times how likely they are won, those of won deals in full, without omitted ones.
    pub weighted: Money,
}

impl ForecastSum {
    /// Nothing, in a currency.
    #[must_use]
    pub const fn nothing(currency: Currency) -> Self {
        let zero = Money::zero(currency);
        Self { count: 0, pipeline: zero, best_case: zero, commit: zero, closed: zero, omitted: zero, weighted: zero }
    }

    /// What is in this category alone.
    #[must_use]
    pub const fn single(&self, category: ForecastCategory) -> Money {
        match category {
            ForecastCategory::Pipeline => self.pipeline,
            ForecastCategory::BestCase => self.best_case,
            ForecastCategory::Commit => self.commit,
            ForecastCategory::Closed => self.closed,
            ForecastCategory::Omitted => self.omitted,
        }
    }

    /// What is in this category and in all that are surer. Omitted deals are in no other category's sum.
    ///
    /// # Errors
    /// `Overflow`.
    pub fn cumulative(&self, category: ForecastCategory) -> Result<Money, MoneyError> {
        let surer = match category {
            ForecastCategory::Closed | ForecastCategory::Omitted => return Ok(self.single(category)),
            ForecastCategory::Commit => ForecastCategory::Closed,
            ForecastCategory::BestCase => ForecastCategory::Commit,
            ForecastCategory::Pipeline => ForecastCategory::BestCase,
        };
        self.cumulative(surer)?.checked_add(self.single(category))
    }

    /// Adds what is forecast elsewhere in the same currency.
    ///
    /// # Errors
    /// `CurrencyMismatch`, `Overflow`.
    pub fn add(&mut self, other: &Self) -> Result<(), MoneyError> {
        *self = Self {
            count: self.count + other.count,
            pipeline: self.pipeline.checked_add(other.pipeline)?,
            best_case: self.best_case.checked_add(other.best_case)?,
            commit: self.commit.checked_add(other.commit)?,
            closed: self.closed.checked_add(other.closed)?,
            omitted: self.omitted.checked_add(other.omitted)?,
            weighted: self.weighted.checked_add(other.weighted)?,
        };
        Ok(())
    }

    fn of(total: &ForecastTotal) -> Result<Self, MoneyError> {
        let (mut sum, amount) = (Self::nothing(total.currency), money(total.amount_minor, total.currency)?);
        sum.count = total.count;
        let place = match total.category {
            ForecastCategory::Pipeline => &mut sum.pipeline,
            ForecastCategory::BestCase => &mut sum.best_case,
            ForecastCategory::Commit => &mut sum.commit,
            ForecastCategory::Closed => &mut sum.closed,
            ForecastCategory::Omitted => &mut sum.omitted,
        };
        *place = amount;
        if total.category != ForecastCategory::Omitted {
            sum.weighted = money(total.weighted_minor, total.currency)?;
        }
        Ok(sum)
    }
}

/// What is forecast for one month, owner and currency.
#[derive(Clone, Debug, PartialEq)]
pub struct ForecastRow {
    /// The month; nothing for open deals without an expected close.
    pub period: Option<Month>,
    /// The owner; nothing for deals that nobody owns.
    pub owner_id: Option<MemberId>,
    /// The currency.
    pub currency: Currency,
    /// What the deals say.
    pub computed: ForecastSum,
    /// What persons say instead, at most once for each category.
    pub overrides: Vec<Stored<ForecastOverride>>,
}

/// Rows by month, owner and currency, those without a month first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Forecast {
    /// The rows.
    pub rows: Vec<ForecastRow>,
}

impl Forecast {
    /// Puts totals and overrides side by side. An override without deals has a row of its own.
    ///
    /// # Errors
    /// `Overflow` when a total is beyond what money can be.
    pub fn new(totals: &[ForecastTotal], overrides: Vec<Stored<ForecastOverride>>) -> Result<Self, MoneyError> {
        let mut rows: BTreeMap<_, ForecastRow> = BTreeMap::new();
        let row = |(period, owner_id, currency)| ForecastRow {
            period,
            owner_id,
            currency,
            computed: ForecastSum::nothing(currency),
            overrides: Vec::new(),
        };
        for total in totals {
            let key = (total.period, total.owner_id, total.currency);
            rows.entry(key).or_insert_with(|| row(key)).computed.add(&ForecastSum::of(total)?)?;
        }
        for own in overrides {
            let key = (Some(own.period), Some(own.owner_id), own.currency);
            rows.entry(key).or_insert_with(|| row(key)).overrides.push(own);
        }
        Ok(Self { rows: rows.into_values().collect() })
    }

    /// What the deals of all owners say, by month and currency.
    ///
    /// # Errors
    /// `Overflow`.
    pub fn by_month(&self) -> Result<BTreeMap<(Option<Month>, Currency), ForecastSum>, MoneyError> {
        self.rolled_up(|row| row.period)
    }

    /// What the deals of all months say, by owner and currency.
    ///
    /// # Errors
    /// `Overflow`.
    pub fn by_owner(&self) -> Result<BTreeMap<(Option<MemberId>, Currency), ForecastSum>, MoneyError> {
        self.rolled_up(|row| row.owner_id)
    }

    fn rolled_up<K: Ord>(
        &self,
        key: impl Fn(&ForecastRow) -> K,
    ) -> Result<BTreeMap<(K, Currency), ForecastSum>, MoneyError> {
        let mut sums = BTreeMap::new();
        for row in &self.rows {
            let sum = sums.entry((key(row), row.currency)).or_insert(ForecastSum::nothing(row.currency));
            sum.add(&row.computed)?;
        }
        Ok(sums)
    }
}
