//! Subscriptions.

use serde::{Deserialize, Serialize};

use super::invoice::InvoiceTruth;
use super::price::{Period, PriceTruth};
use crate::billing::external::ExternalId;
use crate::kernel::{Money, Timestamp};

/// The state of a subscription.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum SubscriptionStatus {
    /// The first payment has not arrived yet.
    Incomplete,
    /// The first payment never arrived. Final.
    IncompleteExpired,
    /// Nothing is due yet.
    Trialing,
    /// Paid.
    Active,
    /// A renewal has failed and is tried again.
    PastDue,
    /// A renewal has failed and is not tried again.
    Unpaid,
    /// Rests until it is resumed.
    Paused,
    /// Ended. Final.
    Canceled,
    /// A word that we do not know; treated with care.
    Other(String),
}

impl SubscriptionStatus {
    /// The name in JSON and in stores.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Incomplete => "incomplete",
            Self::IncompleteExpired => "incomplete_expired",
            Self::Trialing => "trialing",
            Self::Active => "active",
            Self::PastDue => "past_due",
            Self::Unpaid => "unpaid",
            Self::Paused => "paused",
            Self::Canceled => "canceled",
            Self::Other(word) => word,
        }
    }

    /// Whether nothing can follow. A subscription that is final stays so, whatever arrives later.
    #[must_use]
    pub const fn is_final(&self) -> bool {
        matches!(self, Self::Canceled | Self::IncompleteExpired)
    }
}

impl From<String> for SubscriptionStatus {
    fn from(word: String) -> Self {
        match word.as_str() {
            "incomplete" => Self::Incomplete,
            "incomplete_expired" => Self::IncompleteExpired,
            "trialing" => Self::Trialing,
            "active" => Self::Active,
            "past_due" => Self::PastDue,
            "unpaid" => Self::Unpaid,
            "paused" => Self::Paused,
            "canceled" => Self::Canceled,
            _ => Self::Other(word),
        }
    }
}
impl From<SubscriptionStatus> for String {
    fn from(status: SubscriptionStatus) -> Self {
        match status {
            SubscriptionStatus::Other(word) => word,
            known => known.as_str().to_owned(),
        }
    }
}

/// Why a subscription rests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PauseReason {
    /// The customer or the operator asked for it.
    Requested,
    /// The trial ended without a card.
    TrialEndedWithoutPaymentMethod,
    /// A payment failed: the first of a period or the last try.
    PaymentFailed,
    /// A reason that we do not know.
    Other(String),
}

/// Invoices are made and not collected. Not the same as the state `paused`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CollectionPause {
    /// When collection begins again; when somebody says so, if not given.
    pub resumes_at: Option<Timestamp>,
}

/// The trial of a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TrialPeriod {
    /// When it began.
    pub start: Option<Timestamp>,
    /// When it ends.
    pub end: Timestamp,
}

/// How much a discount takes off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum DiscountAmount {
    /// Hundredths of a per cent: 2500 is 25 %.
    BasisPoints(i64),
    /// A fixed amount for each period.
    Amount(Money),
}

/// A discount on a subscription.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Discount {
    /// The provider's coupon.
    pub coupon: Option<ExternalId>,
    /// How much it takes off; nothing when the provider does not say.
    pub takes_off: Option<DiscountAmount>,
    /// When it ends; never, if not given.
    pub ends_at: Option<Timestamp>,
}

/// One line of a subscription: a price, how many, and the period that was last begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ItemTruth {
    /// The provider's identifier.
    pub id: ExternalId,
    /// What is paid for.
    pub price: PriceTruth,
    /// How many; 1 when the provider does not count.
    pub quantity: u32,
    /// The item's own period; items of one subscription may differ.
    pub period: Option<Period>,
}

/// A subscription as the provider holds it now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SubscriptionTruth {
    /// The provider's identifier.
    pub id: ExternalId,
    /// Who pays.
    pub customer: ExternalId,
    /// Its state.
    pub status: SubscriptionStatus,
    /// Its lines.
    pub items: Vec<ItemTruth>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it is to end, where an instant was set.
    pub cancel_at: Option<Timestamp>,
    /// Whether it ends with its period. Some ways of cancelling set only `cancel_at`.
    pub cancel_at_period_end: bool,
    /// When somebody asked for the end.
    pub canceled_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Invoices are made and not collected.
    pub collection_pause: Option<CollectionPause>,
    /// Why it rests, while it is `paused`.
    pub pause_reason: Option<PauseReason>,
    /// Its trial.
    pub trial: Option<TrialPeriod>,
    /// What renewals are paid with, where the subscription names it.
    pub default_payment_method: Option<ExternalId>,
    /// What is taken off.
    pub discounts: Vec<Discount>,
    /// The plan of coming changes, where there is one.
    pub schedule: Option<ExternalId>,
    /// Whether a change waits for its payment. What it would bring is not in the items yet.
    pub pending_update: bool,
    /// The latest invoice, when it was asked for.
    pub latest_invoice: Option<InvoiceTruth>,
}

impl SubscriptionTruth {
    /// When it ended or is to end, in whichever way that was said; nothing when it goes on.
    #[must_use]
    pub fn ends_at(&self) -> Option<Timestamp> {
        let with_period = || self.items.iter().filter_map(|item| item.period).map(|period| period.end).max();
        self.ended_at.or(self.cancel_at).or_else(|| if self.cancel_at_period_end { with_period() } else { None })
    }

    /// Whether an end is scheduled, in whichever way that was said.
    #[must_use]
    pub fn is_cancel_scheduled(&self) -> bool {
        !self.status.is_final() && (self.cancel_at.is_some() || self.cancel_at_period_end)
    }
}

#[cfg(feature = "openapi")]
impl utoipa::__dev::ComposeSchema for SubscriptionStatus {
    fn compose(
        _: Vec<utoipa::openapi::RefOr<utoipa::openapi::schema::Schema>>,
    ) -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        crate::kernel::openapi::text(
            "State of a subscription in the provider's words; further ones may come.",
            "active",
        )
        .into()
    }
}
#[cfg(feature = "openapi")]
impl utoipa::ToSchema for SubscriptionStatus {}
