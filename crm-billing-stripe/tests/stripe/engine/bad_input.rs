//! What must neither open nor close anything: events of others, unknown customers and words, and a Stripe in trouble.

use std::sync::Arc;
use std::time::Duration;

use crm_billing_stripe::testing::{FakeStripe, Trouble};
use crm_core::billing::{Received, ReceivedState};
use crm_core::kernel::Clock;
use crm_core::paywall::ServiceModule;
use crm_core::store::MemoryStore;
use serde_json::{Value as Json, json};

use super::house::{CUSTOMER, House, at};

const NOW: i64 = 1_767_225_660;
const LEADS: ServiceModule = ServiceModule::LeadGeneration;

/// A subscription of the sample's customer to the catalogue's `leadgen_monthly`.
fn subscription(status: &str) -> Json {
    json!({
        "id": "sub_1", "object": "subscription", "customer": CUSTOMER, "status": status, "created": NOW - 60,
        "livemode": false, "cancel_at_period_end": false,
        "ended_at": if status == "canceled" { json!(NOW) } else { Json::Null },
        "items": {"object": "list", "has_more": false, "data": [{
            "id": "si_1", "object": "subscription_item", "quantity": 1,
            "current_period_start": NOW - 60, "current_period_end": NOW + 30 * 86_400,
            "price": {"id": "price_1", "object": "price", "active": true, "currency": "usd", "unit_amount": 9_900,
                "lookup_key": "leadgen_monthly", "recurring": {"interval": "month", "interval_count": 1}},
        }]},
    })
}

fn event(id: &str, object: &Json) -> Json {
    json!({
        "id": id, "object": "event", "type": "customer.subscription.updated", "created": NOW, "livemode": false,
        "data": {"object": object},
    })
}

fn bytes(event: &Json) -> Vec<u8> {
    event.to_string().into_bytes()
}

/// A Stripe that holds a subscription, and a house before it.
async fn with(status: &str) -> (FakeStripe, House) {
    with_patience(status, Duration::from_secs(30)).await
}

/// The same, with so much patience for each answer.
async fn with_patience(status: &str, patience: Duration) -> (FakeStripe, House) {
    let stripe = FakeStripe::start(at(NOW)).await.unwrap();
    stripe.put(json!({"id": CUSTOMER, "object": "customer", "livemode": false}));
    stripe.put(subscription(status));
    let mut config = crate::fake::config(stripe.address());
    config.timeout = patience;
    let gateway = Arc::new(crate::fake::with(config).0);
    let house = House::open(MemoryStore::new(), gateway, at(NOW), "input").await;
    (stripe, house)
}

#[tokio::test]
async fn events_of_another_account_or_mode_are_not_kept() {
    let (_stripe, house) = with("active").await;
    let house = house.linked().await;
    house.work("worker").await;
    let mut foreign = event("evt_account", &subscription("canceled"));
    foreign["account"] = json!("acct_other");
    let mut live = event("evt_live", &subscription("canceled"));
    live["livemode"] = json!(true);
    for event in [foreign, live] {
        assert_eq!(house.receive(&bytes(&event)).await, Received::Foreign, "{event}");
    }
    house.work("worker").await;
    assert_eq!(house.level(LEADS).await, "full");
    for state in [ReceivedState::Waiting, ReceivedState::Settled, ReceivedState::Unconcerned, ReceivedState::Orphaned] {
        assert_eq!(house.received(state).await, []);
    }
}

#[tokio::test]
async fn a_payload_is_never_believed() {
    let (_stripe, house) = with("incomplete").await;
    let house = house.linked().await;
    // Signed by Stripe, older than the truth, and full of promises.
    house.receive(&bytes(&event("evt_1", &subscription("active")))).await;
    house.work("worker").await;
    assert_eq!(house.level(LEADS).await, "none");
}

#[tokio::test]
async fn an_unknown_customers_event_is_parked_then_orphaned_and_taken_up_when_linked() {
    let (_stripe, house) = with("active").await;
    house.receive(&bytes(&event("evt_1", &subscription("active")))).await;
    house.crm.run_due("worker", 10).await.unwrap();
    assert_eq!(house.received(ReceivedState::Waiting).await.len(), 1);
    assert_eq!(house.level(LEADS).await, "none");
    for _ in 0..15 {
        house.clock.advance(Duration::from_mins(1));
        house.crm.run_due("worker", 10).await.unwrap();
    }
    assert_eq!(house.received(ReceivedState::Orphaned).await.len(), 1, "kept for a person");
    let house = house.linked().await;
    house.work("worker").await;
    assert_eq!(house.received(ReceivedState::Settled).await.len(), 1);
    assert_eq!(house.level(LEADS).await, "full");
}

#[tokio::test]
async fn trouble_at_stripe_loses_no_event_and_neither_opens_nor_closes() {
    for trouble in [Trouble::Down, Trouble::RateLimited, Trouble::Html, Trouble::Slow] {
        // Long enough for a busy machine, short enough to wait for.
        let patience = Duration::from_secs(if trouble == Trouble::Slow { 3 } else { 30 });
        let (stripe, house) = with_patience("active", patience).await;
        let house = house.linked().await;
        house.work("worker").await;
        assert_eq!(house.level(LEADS).await, "full");

        stripe.put(subscription("canceled"));
        stripe.trouble(trouble, u32::MAX);
        house.receive(&bytes(&event("evt_paused", &subscription("active")))).await;
        let run = house.crm.run_due("worker", 10).await.unwrap();
        assert_eq!((run.done, run.failed), (0, 1), "{trouble:?}");
        assert_eq!(house.received(ReceivedState::Waiting).await.len(), 1, "{trouble:?}");
        assert_eq!(house.level(LEADS).await, "full", "{trouble:?}: an outage takes nothing away");

        stripe.trouble(Trouble::None, 0);
        house.work("worker").await;
        assert_eq!(house.received(ReceivedState::Settled).await.len(), 1, "{trouble:?}");
        assert_eq!(house.level(LEADS).await, "none", "{trouble:?}");

        // And the other way round.
        let (stripe, house) = with_patience("incomplete", patience).await;
        let house = house.linked().await;
        house.work("worker").await;
        stripe.put(subscription("active"));
        stripe.trouble(trouble, u32::MAX);
        house.receive(&bytes(&event("evt_paid", &subscription("incomplete")))).await;
        house.crm.run_due("worker", 10).await.unwrap();
        assert_eq!(house.level(LEADS).await, "none", "{trouble:?}: an outage gives nothing");
        stripe.trouble(Trouble::None, 0);
        house.work("worker").await;
        assert_eq!(house.level(LEADS).await, "full", "{trouble:?}");
    }
}

/// What is signed, happened after the last answer, and is not contradicted by anything newer.
#[tokio::test]
async fn newer_words_of_stripe_count_while_it_cannot_be_asked() {
    let (stripe, house) = with("incomplete").await;
    let house = house.linked().await;
    house.work("worker").await;
    let later = house.clock.now().micros() / 1_000_000 + 60;
    house.clock.set(at(later));
    stripe.trouble(Trouble::Down, u32::MAX);
    let mut paid = event("evt_paid", &subscription("active"));
    paid["created"] = json!(later);
    house.receive(&bytes(&paid)).await;
    house.crm.run_due("worker", 10).await.unwrap();
    assert_eq!(house.level(LEADS).await, "full");
    assert!(house.subscriptions().await[0].provisional);
    stripe.trouble(Trouble::None, 0);
    house.work("worker").await;
    assert_eq!(house.level(LEADS).await, "none", "Stripe itself says otherwise");
    assert_eq!(house.desk().drift().await.unwrap(), 0);
}

#[tokio::test]
async fn unknown_words_and_prices_open_nothing() {
    let open = |change: fn(&mut Json)| async move {
        let (stripe, house) = with("active").await;
        let mut strange = subscription("active");
        change(&mut strange);
        stripe.put(strange);
        let house = house.linked().await;
        house.work("worker").await;
        house.level(LEADS).await
    };
    assert_eq!(open(|_| ()).await, "full");
    assert_eq!(open(|it| it["zz_new"] = json!({"status": "active"})).await, "full");
    assert_eq!(open(|it| it["status"] = json!("resting")).await, "none");
    assert_eq!(open(|it| it["items"]["data"][0]["price"]["lookup_key"] = json!("leadgen_secret")).await, "none");
    assert_eq!(open(|it| it["items"]["data"] = json!([])).await, "none");
    assert_eq!(open(|it| it["cancel_at"] = json!(NOW - 1)).await, "none");
    // A price may call itself what it likes.
    let boast = |it: &mut Json| {
        let price = &mut it["items"]["data"][0]["price"];
        price["lookup_key"] = Json::Null;
        price["metadata"] = json!({"service_module": "LeadGeneration"});
    };
    assert_eq!(open(boast).await, "none");
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_changes_nothing() {
    let (stripe, house) = with("active").await;
    let house = house.linked().await;
    house.work("worker").await;
    let mut damaged = subscription("active");
    damaged["ended_at"] = json!("yesterday");
    stripe.put(damaged);
    house.receive(&bytes(&event("evt_1", &subscription("active")))).await;
    let run = house.crm.run_due("worker", 10).await.unwrap();
    assert_eq!((run.done, run.failed), (0, 1));
    assert_eq!(house.level(LEADS).await, "full");
    assert_eq!(house.received(ReceivedState::Waiting).await.len(), 1);
}

#[tokio::test]
async fn events_of_one_customer_leave_others_as_they_are() {
    let (stripe, house) = with("active").await;
    let house = house.linked().await;
    house.work("worker").await;
    let before = (house.subscriptions().await, house.papers().await);
    let mut other = subscription("canceled");
    other["id"] = json!("sub_2");
    other["customer"] = json!("cus_other");
    stripe.put(other.clone());
    house.receive(&bytes(&event("evt_other", &other))).await;
    house.work("worker").await;
    assert_eq!((house.subscriptions().await, house.papers().await), before);
}
