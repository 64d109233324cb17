//! A dispute from its opening to its end: whom it concerns is found through the charge, and access follows the policy.

use std::sync::Arc;

use crm_billing_stripe::testing::FakeStripe;
use crm_core::billing::{
    PaymentReversal, Received, ReceivedState, ReversalEffect, ReversalKind, ReversalPolicy, WithheldLevel,
};
use crm_core::paywall::ServiceModule;
use crm_core::store::{MemoryStore, Store};
use serde_json::{Value as Json, json};

use super::house::{CUSTOMER, House, at};
use crate::fake::gateway;
use crate::reversals::dispute;
use crate::shared;

const NOW: i64 = 1_767_225_660;
const LEADS: ServiceModule = ServiceModule::LeadGeneration;

/// Withholds what is disputed, and gives it back when the dispute is won.
struct Careful;

impl ReversalPolicy for Careful {
    fn effect(&self, reversal: &PaymentReversal) -> ReversalEffect {
        match reversal.kind {
            ReversalKind::DisputeOpened => ReversalEffect::Withhold(WithheldLevel::ReadOnly),
            ReversalKind::DisputeLost => ReversalEffect::Withhold(WithheldLevel::None),
            ReversalKind::DisputeWon => ReversalEffect::Restore,
            ReversalKind::Refund | ReversalKind::Other(_) => ReversalEffect::Keep,
        }
    }
}

/// A careful house before a Stripe that holds a paid subscription and its charge.
async fn house(store: impl Store + Clone + 'static, name: &str) -> (FakeStripe, House) {
    let stripe = FakeStripe::start(at(NOW)).await.unwrap();
    stripe.put(json!({"id": CUSTOMER, "object": "customer", "livemode": false}));
    stripe.put(json!({"id": "ch_1", "object": "charge", "customer": CUSTOMER, "livemode": false}));
    stripe.put(json!({
        "id": "sub_1", "object": "subscription", "customer": CUSTOMER, "status": "active", "created": NOW - 60,
        "livemode": false, "cancel_at_period_end": false,
        "items": {"object": "list", "has_more": false, "data": [{
            "id": "si_1", "object": "subscription_item", "quantity": 1,
            "current_period_start": NOW - 60, "current_period_end": NOW + 30 * 86_400,
            "price": {"id": "price_1", "object": "price", "active": true, "currency": "usd", "unit_amount": 9_900,
                "lookup_key": "leadgen_monthly", "recurring": {"interval": "month", "interval_count": 1}},
        }]},
    }));
    let gateway = Arc::new(gateway(stripe.address()).0);
    let mut house = House::open(store, gateway, at(NOW), name).await.linked().await;
    house.billing = house.billing.with_reversal_policy(Careful);
    house.crm = house.crm.with_job_handlers(house.billing.job_handlers());
    house.work("worker").await;
    (stripe, house)
}

fn opened() -> Json {
    dispute("evt_opened", "charge.dispute.created", "needs_response", &json!("ch_1"), NOW + 10)
}

fn closed(status: &str) -> Json {
    dispute("evt_closed", "charge.dispute.closed", status, &json!("ch_1"), NOW + 20)
}

/// Events arrive in this order, the first of them twice; two workers work.
async fn arrive(house: &House, events: &[Json]) {
    for event in events {
        assert_eq!(house.receive(event.to_string().as_bytes()).await, Received::Stored);
    }
    assert_eq!(house.receive(events[0].to_string().as_bytes()).await, Received::Repeated);
    tokio::join!(house.work("one"), house.work("two"));
}

/// Plays both orders and both ends of a dispute on a store.
pub(crate) async fn play(store: impl Store + Clone + 'static, name: &str) {
    let ends = [("won", "full"), ("warning_closed", "full"), ("lost", "none"), ("brewing", "read_only")];
    for (number, (status, level)) in ends.into_iter().enumerate() {
        for (turn, events) in [[opened(), closed(status)], [closed(status), opened()]].iter().enumerate() {
            let (_stripe, house) = house(store.clone(), &format!("{name}-{number}-{turn}")).await;
            arrive(&house, events).await;
            assert_eq!(house.level(LEADS).await, level, "{status}, {turn}");
            let told = house.desk().reversals(house.tenant).await.unwrap();
            assert_eq!(told.len(), if status == "brewing" { 1 } else { 2 }, "{status}, {turn}");
            assert_eq!(house.received(ReceivedState::Settled).await.len(), 2, "{status}, {turn}");
            house.desk().restore(house.tenant).await.unwrap();
            assert_eq!(house.level(LEADS).await, "full", "{status}, {turn}");
        }
    }
}

#[tokio::test]
async fn a_dispute_withholds_until_it_is_won_whatever_comes_first() {
    play(MemoryStore::new(), "reversals").await;
}

#[tokio::test]
async fn a_dispute_about_a_charge_of_nobody_concerns_nobody() {
    let (_stripe, house) = house(MemoryStore::new(), "nobody").await;
    let stray = dispute("evt_1", "charge.dispute.created", "needs_response", &json!("ch_other"), NOW + 10);
    arrive(&house, &[stray]).await;
    assert_eq!((house.level(LEADS).await, house.received(ReceivedState::Unconcerned).await.len()), ("full", 1));
}

#[tokio::test]
async fn a_refund_is_told_and_leaves_access_as_it_is() {
    for file in ["charge.refunded.json", "legacy.charge.refunded.json"] {
        if shared::bytes(&format!("events/{file}")).is_none() {
            return;
        }
        let (_stripe, house) = house(MemoryStore::new(), "refund").await;
        house.receive(&shared::event(file)).await;
        house.work("worker").await;
        let told = house.desk().reversals(house.tenant).await.unwrap();
        assert_eq!((told.len(), told[0].effect, house.level(LEADS).await), (1, ReversalEffect::Keep, "full"), "{file}");
    }
}
