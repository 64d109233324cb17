//! Prices and periods.

use serde::{Deserialize, Serialize};

use crate::billing::external::ExternalId;
use crate::kernel::{Money, Timestamp};

/// The unit in which a price recurs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Interval {
    /// Days.
    Day,
    /// Weeks.
    Week,
    /// Months.
    Month,
    /// Years.
    Year,
}

/// A stretch of time from `start` up to, not including, `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Period {
    /// Its first instant.
    pub start: Timestamp,
    /// The first instant after it.
    pub end: Timestamp,
}

/// A price of the provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PriceTruth {
    /// The provider's identifier.
    pub id: ExternalId,
    /// The operator's own name for the price, which stays when the price is replaced.
    pub lookup_key: Option<String>,
    /// What is sold, by the provider's identifier.
    pub product: Option<ExternalId>,
    /// The service that the product itself says it is, in the operator's words; looked up in our catalogue, never trusted.
    pub service: Option<String>,
    /// What one costs for one interval; nothing for tiered, custom and fractional amounts.
    pub unit_amount: Option<Money>,
    /// In which unit it recurs; nothing when it does not.
    pub interval: Option<Interval>,
    /// Every how many intervals, from 1.
    pub interval_count: u32,
    /// Whether it is charged by recorded usage.
    pub metered: bool,
    /// Whether it can still be bought.
    pub active: bool,
}
