//! Subscriptions. Before basil the period stood on the subscription, since then on each item.

use serde::Deserialize;

use super::price::Price;
use super::{HasId, Invoice, Link, List, Reference};

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Subscription {
    pub(crate) id: String,
    pub(crate) customer: Link,
    pub(crate) status: String,
    #[serde(default)]
    pub(crate) items: List<Item>,
    pub(crate) created: Option<i64>,
    pub(crate) start_date: Option<i64>,
    pub(crate) current_period_start: Option<i64>,
    pub(crate) current_period_end: Option<i64>,
    pub(crate) cancel_at: Option<i64>,
    pub(crate) cancel_at_period_end: Option<bool>,
    pub(crate) canceled_at: Option<i64>,
    pub(crate) ended_at: Option<i64>,
    pub(crate) trial_start: Option<i64>,
    pub(crate) trial_end: Option<i64>,
    pub(crate) pause_collection: Option<PauseCollection>,
    pub(crate) status_details: Option<StatusDetails>,
    pub(crate) default_payment_method: Option<Link>,
    pub(crate) discount: Option<Discount>,
    pub(crate) discounts: Option<Vec<Reference<Discount>>>,
    pub(crate) schedule: Option<Link>,
    pub(crate) pending_update: Option<PendingUpdate>,
    pub(crate) latest_invoice: Option<Reference<Invoice>>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Item {
    pub(crate) id: String,
    pub(crate) price: Price,
    pub(crate) quantity: Option<i64>,
    pub(crate) current_period_start: Option<i64>,
    pub(crate) current_period_end: Option<i64>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct PauseCollection {
    pub(crate) resumes_at: Option<i64>,
}

/// That there is one is all that is read.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct PendingUpdate {}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct StatusDetails {
    pub(crate) paused: Option<PausedDetails>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct PausedDetails {
    pub(crate) subscription: Option<PausedSubscription>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct PausedSubscription {
    #[serde(rename = "type")]
    pub(crate) reason: Option<String>,
}

/// A discount; before clover the coupon stood in it, since then in its source.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Discount {
    pub(crate) id: Option<String>,
    pub(crate) end: Option<i64>,
    pub(crate) coupon: Option<Reference<Coupon>>,
    pub(crate) source: Option<DiscountSource>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct DiscountSource {
    pub(crate) coupon: Option<Reference<Coupon>>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Coupon {
    pub(crate) id: String,
    pub(crate) percent_off: Option<serde_json::Number>,
    pub(crate) amount_off: Option<i64>,
    pub(crate) currency: Option<String>,
}

impl HasId for Subscription {
    fn id(&self) -> Option<&str> {
        Some(&self.id)
    }
}
impl HasId for Item {
    fn id(&self) -> Option<&str> {
        Some(&self.id)
    }
}
impl HasId for Discount {
    fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }
}
impl HasId for Coupon {
    fn id(&self) -> Option<&str> {
        Some(&self.id)
    }
}
