//! `/billing/simulate`: another plan, tried on what the organization really did.

use std::time::Duration;

use crm_core::access::{MemberId, Permission as P};
use crm_core::billing::simulation::{Plan, Simulated};
use crm_core::billing::{AccessPolicy, Catalogue, Interval, ServicePrice};
use crm_core::event::EventId;
use crm_core::kernel::{Money, Name, Timestamp};
use crm_core::paywall::{AccessReason, ServiceModule};
use crm_core::store::Session;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::of_billing;
use crate::api::{Api, Call, Json, Plain, post};
use crate::problem::Problem;

/// A plan to be tried.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PlanToTry {
    /// From when on what happened is judged.
    from: Timestamp,
    /// Up to when, not including.
    until: Timestamp,
    /// Prices in the place of those with the same name, and further ones; the others stay as they are.
    #[serde(default)]
    #[schema(max_items = 200)]
    prices: Vec<PriceToTry>,
    /// Another policy of access; what is absent stays as it is.
    #[serde(default)]
    policy: PolicyToTry,
}

/// A price to be tried.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PriceToTry {
    #[schema(example = "leadgen_monthly")]
    lookup_key: Name,
    service: ServiceModule,
    amount: Money,
    interval: Interval,
}

/// A policy of access to be tried, in days.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "a client reads the unit in the name")]
struct PolicyToTry {
    /// How long everything stays open after a payment has failed.
    grace_days: Option<u16>,
    /// How long a period counts as renewed while nobody has said so.
    lease_days: Option<u16>,
    /// How long what is there may still be seen after the end.
    export_days: Option<u16>,
    /// After how long without payment nothing is open any more.
    suspend_after_days: Option<u16>,
}

/// What would have come of a plan.
#[derive(Debug, Serialize, ToSchema)]
struct SimulationView {
    /// How many acts of members belong to a service that is sold.
    acts: u64,
    /// Those that would have been refused, the earliest first.
    refused: Vec<RefusedView>,
    /// What each service would have cost.
    bill: Vec<BillLine>,
}

/// Something that a member did and would not have been let do.
#[derive(Debug, Serialize, ToSchema)]
struct RefusedView {
    event_id: EventId,
    name: String,
    member_id: MemberId,
    at: Timestamp,
    service: ServiceModule,
    reason: AccessReason,
}

/// What a service would have cost.
#[derive(Debug, Serialize, ToSchema)]
struct BillLine {
    service: ServiceModule,
    amount: Money,
}

impl From<Simulated> for SimulationView {
    fn from(simulated: Simulated) -> Self {
        let refused = simulated.refused.into_iter().map(|act| RefusedView {
            event_id: act.event_id,
            name: act.name,
            member_id: act.member,
            at: act.at,
            service: act.service,
            reason: act.reason,
        });
        let bill = simulated.bill.into_iter().map(|(service, amount)| BillLine { service, amount });
        Self { acts: simulated.acts, refused: refused.collect(), bill: bill.collect() }
    }
}

/// The plan with what is to be tried in place of what is.
fn plan(present: &Catalogue, policy: &AccessPolicy, prices: Vec<PriceToTry>, wish: &PolicyToTry) -> Plan {
    let mut all = present.prices().to_vec();
    for price in prices {
        let PriceToTry { lookup_key, service, amount, interval } = price;
        let known = all.iter().position(|known| known.lookup_key == lookup_key.as_str());
        let before = known.map(|place| all.swap_remove(place));
        all.push(ServicePrice {
            limits: before.as_ref().map(|before| before.limits.clone()).unwrap_or_default(),
            product: before.as_ref().map_or_else(|| lookup_key.clone(), |before| before.product.clone()),
            service,
            lookup_key: lookup_key.to_string(),
            price_id: before.and_then(|before| before.price_id),
            amount_minor: amount.minor(),
            currency: amount.currency(),
            interval,
            offered: true,
        });
    }
    let days = |days: u16| Duration::from_hours(24 * u64::from(days));
    let policy = AccessPolicy {
        grace: wish.grace_days.map_or(policy.grace, days),
        lease: wish.lease_days.map_or(policy.lease, days),
        export_after_end: wish.export_days.map_or(policy.export_after_end, days),
        suspend_after: wish.suspend_after_days.map(days).or(policy.suspend_after),
        collection_pause_closes: policy.collection_pause_closes,
    };
    Plan { catalogue: Catalogue::new(all), policy }
}

pub(super) fn declare(api: &mut Api) {
    let endpoint = of_billing(post("/billing/simulate"), "Tries a plan on what really happened; changes nothing");
    let endpoint =
        endpoint.explains("Who would have been refused what between two instants, and what it would have cost.");
    api.add(endpoint.needs(P::BillingManage), |s: Session, c: Call<(), (), Json<PlanToTry>>| async move {
        let billing = c.facade.outside().billing()?;
        let PlanToTry { from, until, prices, policy } = c.body.0;
        let subscriptions = s.subscriptions(billing);
        let plan = plan(&subscriptions.catalogue().await?, billing.policy(), prices, &policy);
        let simulated = subscriptions.simulate(&plan, from, until).await?;
        Ok::<_, Problem>(Plain(SimulationView::from(simulated)))
    });
}
