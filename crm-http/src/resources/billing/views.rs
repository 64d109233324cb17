//! Answers of billing that are put together from several records.

use crm_core::billing::revenue::monthly;
use crm_core::billing::{Decision, Interval, Overview, RevenueFact, ServicePrice};
use crm_core::kernel::{Error, Explanation, Money, Name, Stored, Timestamp};
use crm_core::paywall::{AccessReason, Level, ServiceModule, UpgradeHint};
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::Record;
use crate::problem::Problem;

/// A service on offer.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ServiceOffer {
    service: ServiceModule,
    /// What is sold, for people.
    product: Name,
    prices: Vec<PriceOffer>,
}

/// A price of a service.
#[derive(Debug, Serialize, ToSchema)]
struct PriceOffer {
    /// The name by which a checkout asks for it.
    #[schema(example = "leadgen_monthly")]
    lookup_key: String,
    amount: Money,
    interval: Interval,
}

/// The prices on offer, service by service.
pub(super) fn offers(prices: Vec<ServicePrice>) -> Vec<ServiceOffer> {
    let mut offers: Vec<ServiceOffer> = Vec::new();
    for price in prices {
        let amount = price.amount();
        let offer = PriceOffer { lookup_key: price.lookup_key, amount, interval: price.interval };
        match offers.iter_mut().find(|known| known.service == price.service) {
            Some(known) => known.prices.push(offer),
            None => offers.push(ServiceOffer { service: price.service, product: price.product, prices: vec![offer] }),
        }
    }
    offers.sort_by_key(|offer| offer.service);
    for offer in &mut offers {
        offer.prices.sort_by_key(|price| (price.interval, price.amount.minor()));
    }
    offers
}

/// What the organization has of a service, and why.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AccessView {
    service: ServiceModule,
    level: Level,
    reason: AccessReason,
    /// What to do to get it.
    hint: UpgradeHint,
    /// When something about it changes by time alone.
    until: Option<Timestamp>,
    /// How many, over all items that are open for use.
    quantity: u64,
    /// What was looked at.
    why: Explanation,
}

/// Every service, those without a subscription included.
pub(super) fn accesses(decision: &Decision) -> Vec<AccessView> {
    let view = |service: &ServiceModule| match decision.access(*service) {
        Some(access) => AccessView {
            service: *service,
            level: access.level,
            reason: access.reason,
            hint: access.reason.hint(),
            until: access.until,
            quantity: access.quantity,
            why: access.why.clone(),
        },
        None => AccessView {
            service: *service,
            level: Level::None,
            reason: AccessReason::NotSubscribed,
            hint: AccessReason::NotSubscribed.hint(),
            until: None,
            quantity: 0,
            why: Explanation::new(AccessReason::NotSubscribed.sentence()),
        },
    };
    ServiceModule::ALL.iter().map(view).collect()
}

/// Where the browser is to be sent.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PortalView {
    pub(super) url: String,
}

/// What comes in every month, and how it has moved.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RevenueView {
    /// The sum of all subscriptions that are paid, before tax, by currency.
    monthly: Vec<Money>,
    /// The latest movements, at most 200.
    moves: Vec<Record<RevenueFact>>,
}

/// What the subscriptions of an overview bring in a month.
pub(super) fn revenue(overview: &Overview, moves: Vec<Stored<RevenueFact>>) -> Result<RevenueView, Error> {
    let mut sums: Vec<Money> = Vec::new();
    for subscription in &overview.subscriptions {
        let Some(month) = monthly(subscription)? else { continue };
        match sums.iter_mut().find(|sum| sum.currency() == month.currency()) {
            Some(sum) => *sum = sum.checked_add(month)?,
            None => sums.push(month),
        }
    }
    Ok(RevenueView { monthly: sums, moves: moves.into_iter().map(Record).collect() })
}

/// A text in a path that names nothing of the provider's.
pub(super) struct Gone(pub(super) &'static str);

impl From<Gone> for Problem {
    fn from(Gone(what): Gone) -> Self {
        let detail = format!("the organization has no such {what}");
        Self::new(axum::http::StatusCode::NOT_FOUND, "subscription.not_found", detail)
    }
}
