//! What comes in every month, and how it moves: facts for reports, written with the change itself.

use serde::{Deserialize, Serialize};

use super::account::Subscription;
use super::external::ExternalId;
use super::truth::{DiscountAmount, Interval, SubscriptionStatus};
use crate::kernel::{Column, Currency, Entity, Field, Id, Money, MoneyError, Part, Rounding, Timestamp, ValueRef};

/// Identifier of a revenue fact.
pub type RevenueFactId = Id<RevenueFact>;

/// How monthly revenue has moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RevenueMove {
    /// From nothing.
    New,
    /// It grew.
    Expansion,
    /// It shrank.
    Contraction,
    /// To nothing.
    Churn,
}

impl RevenueMove {
    /// The name in JSON and in stores.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Expansion => "expansion",
            Self::Contraction => "contraction",
            Self::Churn => "churn",
        }
    }
}

/// One movement of the monthly revenue of one subscription.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RevenueFact {
    /// The provider's identifier of the subscription.
    pub subscription_id: ExternalId,
    /// How it moved.
    pub movement: RevenueMove,
    /// What it was a month, in minor units.
    pub before_minor: i64,
    /// What it is a month, in minor units.
    pub after_minor: i64,
    /// The currency.
    pub currency: Currency,
    /// When we learned of it.
    pub occurred_at: Timestamp,
}

impl RevenueFact {
    /// When we learned of it.
    pub const OCCURRED_AT: Column<Self, Timestamp> =
        Column::required_indexed("occurred_at", |row| ValueRef::Time(row.occurred_at));

    /// The fact that follows from a change; nothing when the month brings what it brought.
    #[must_use]
    pub fn of(before: Option<&Subscription>, after: &Subscription, now: Timestamp) -> Option<Self> {
        let then = before.and_then(|before| monthly(before).ok().flatten());
        let next = monthly(after).ok().flatten();
        let currency = next.or(then)?.currency();
        let (before_minor, after_minor) = (then.map_or(0, Money::minor), next.map_or(0, Money::minor));
        let movement = match (before_minor, after_minor) {
            (before, after) if before == after => return None,
            (0, _) => RevenueMove::New,
            (_, 0) => RevenueMove::Churn,
            (before, after) if after > before => RevenueMove::Expansion,
            _ => RevenueMove::Contraction,
        };
        let subscription_id = after.external_id.clone();
        Some(Self { subscription_id, movement, before_minor, after_minor, currency, occurred_at: now })
    }
}

impl Entity for RevenueFact {
    const NAME: &'static str = "revenue_fact";
    const FIELDS: &'static [Field<Self>] = &[Self::OCCURRED_AT.field()];
}
/// A fact is itself a record of what happened.
impl Part for RevenueFact {}

/// What a subscription brings in a month, before tax; nothing when it brings none or its amounts are not known.
///
/// A year counts a twelfth, a week 52 twelfths, a day 365 twelfths. What is on trial, unpaid for good or resting brings
/// nothing; what is past due still counts.
///
/// # Errors
/// `MoneyError` when amounts overflow or differ in currency.
pub fn monthly(subscription: &Subscription) -> Result<Option<Money>, MoneyError> {
    let counted = matches!(subscription.status, SubscriptionStatus::Active | SubscriptionStatus::PastDue);
    let truth = &subscription.truth;
    let mut sum: Option<Money> = None;
    for item in truth.items.iter().filter(|item| counted && !item.price.metered) {
        let (Some(amount), Some(interval)) = (item.price.unit_amount, item.price.interval) else { continue };
        let all = amount.checked_mul(i64::from(item.quantity))?;
        let (months, per) = match interval {
            Interval::Day => (365, 12),
            Interval::Week => (52, 12),
            Interval::Month => (1, 1),
            Interval::Year => (1, 12),
        };
        let per = i64::from(item.price.interval_count.max(1)) * per;
        let month = all.ratio(months, per, Rounding::HalfEven)?;
        sum = Some(match sum {
            Some(sum) => sum.checked_add(month)?,
            None => month,
        });
    }
    let Some(mut sum) = sum else { return Ok(None) };
    for discount in &truth.discounts {
        if let Some(DiscountAmount::BasisPoints(off)) = discount.takes_off {
            sum = sum.checked_sub(sum.percent(off.clamp(0, 10_000), Rounding::HalfEven)?)?;
        }
    }
    Ok(Some(sum))
}
