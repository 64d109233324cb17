//! The board: what stands in each stage of a pipeline, in count and money. Pure.
//!
//! Amounts of two currencies are never added: every total names its currency, and there is one for each. A weighted
//! total is the sum of the deals' own weighted amounts, each rounded half to even, so that columns add up to the board
//! and cards to their column.

use std::collections::BTreeMap;

use serde::Serialize;

use super::model::Pipeline;
use super::queries::StageTotal;
use super::stage::{Stage, StageKind};
use crate::kernel::Stored;
use crate::kernel::currency::Currency;
use crate::kernel::money::{Money, MoneyError};

/// Deals of one currency, added up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Total {
    /// How many deals.
    pub count: i64,
    /// What they are worth.
    pub amount: Money,
    /// What they are worth times how likely they are won.
    pub weighted: Money,
}

/// A stage and what stands in it.
#[derive(Clone, Debug, PartialEq)]
pub struct BoardColumn {
    /// The stage.
    pub stage: Stored<Stage>,
    /// How many deals, of all currencies.
    pub count: i64,
    /// Totals by currency code, one for each currency that occurs.
    pub totals: Vec<Total>,
}

/// A pipeline with what stands in its stages.
#[derive(Clone, Debug, PartialEq)]
pub struct Board {
    /// The pipeline.
    pub pipeline: Stored<Pipeline>,
    /// Its stages in their order.
    pub columns: Vec<BoardColumn>,
    /// Totals of all open stages by currency code. Won deals are not open any more, and lost ones are worth nothing.
    pub open: Vec<Total>,
}

/// Lays totals out on the stages of a pipeline. Totals of other stages are left out.
///
/// # Errors
/// `Overflow` when a total is beyond what money can be.
pub fn board(
    pipeline: Stored<Pipeline>,
    mut stages: Vec<Stored<Stage>>,
    totals: &[StageTotal],
) -> Result<Board, MoneyError> {
    stages.sort_by_key(|stage| stage.position);
    let open: Vec<_> = stages.iter().filter(|stage| stage.kind == StageKind::Open).map(|stage| stage.id).collect();
    let open = totals_by_currency(totals.iter().filter(|total| open.contains(&total.stage_id)))?;
    let columns = stages.into_iter().map(|stage| {
        let own = totals.iter().filter(|total| total.stage_id == stage.id);
        let count = own.clone().map(|total| total.count).sum();
        Ok(BoardColumn { totals: totals_by_currency(own)?, count, stage })
    });
    Ok(Board { pipeline, columns: columns.collect::<Result<_, MoneyError>>()?, open })
}

/// Totals of several stages by currency.
///
/// # Errors
/// `Overflow` when a total is beyond what money can be.
pub fn totals_by_currency<'t>(totals: impl Iterator<Item = &'t StageTotal>) -> Result<Vec<Total>, MoneyError> {
    let mut sums: BTreeMap<Currency, (i64, i128, i128)> = BTreeMap::new();
    for total in totals {
        let sum = sums.entry(total.currency).or_default();
        *sum = (sum.0 + total.count, sum.1 + total.amount_minor, sum.2 + total.weighted_minor);
    }
    let total = |(currency, (count, amount, weighted))| {
        Ok(Total { count, amount: money(amount, currency)?, weighted: money(weighted, currency)? })
    };
    sums.into_iter().map(total).collect()
}

pub(super) fn money(minor: i128, currency: Currency) -> Result<Money, MoneyError> {
    i64::try_from(minor).map(|minor| Money::new(minor, currency)).map_err(|_| MoneyError::Overflow)
}
