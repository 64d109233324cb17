//! Every event of the index, from its arrival to the access that comes of it, over real HTTP.

use std::sync::Arc;

use crm_billing_stripe::testing::FakeStripe;
use crm_core::billing::{Received, ReceivedState};
use crm_core::store::MemoryStore;
use serde_json::{Value as Json, json};

use super::house::{CUSTOMER, House, at, service};
use crate::fake::gateway;
use crate::shared;

async fn house(stripe: &FakeStripe, now: i64) -> House {
    let gateway = Arc::new(gateway(stripe.address()).0);
    House::open(MemoryStore::new(), gateway, at(now), "index").await.linked().await
}

#[tokio::test]
async fn every_event_comes_to_the_access_of_the_index() {
    let Some(index) = shared::json("events/INDEX.json") else { return };
    let mut compared = 0;
    for expected in index["events"].as_array().unwrap() {
        let (Some(file), Some(access)) = (expected["file"].as_str(), expected["access_at_event"].as_object()) else {
            continue;
        };
        let (body, created) = (shared::event(file), expected["created"].as_i64().unwrap());
        let event: Json = serde_json::from_slice(&body).unwrap();
        let stripe = FakeStripe::start(at(created)).await.unwrap();
        stripe.put(json!({"id": CUSTOMER, "object": "customer", "livemode": false}));
        stripe.put(event["data"]["object"].clone());
        let house = house(&stripe, created).await;
        assert_eq!(house.receive(&body).await, Received::Stored, "{file}");
        house.work("worker").await;
        let decision = house.decision(at(created)).await;
        for (name, level) in access {
            assert_eq!(decision.level(service(name)).as_str(), level, "{file}: {name}");
        }
        compared += 1;
    }
    println!("{compared} events come to the access of the index");
    assert_eq!(compared, 26);
}

#[tokio::test]
async fn every_event_is_kept_and_settled_whatever_it_is() {
    let Some(index) = shared::json("events/INDEX.json") else { return };
    let stripe = FakeStripe::start(at(1_767_225_600)).await.unwrap();
    let active: Json = serde_json::from_slice(&shared::event("customer.subscription.updated.active.json")).unwrap();
    stripe.put(active["data"]["object"].clone());
    stripe.put(json!({"id": CUSTOMER, "object": "customer", "livemode": false}));
    let house = house(&stripe, 1_767_225_660).await;
    let files: Vec<&str> =
        index["events"].as_array().unwrap().iter().map(|event| event["file"].as_str().unwrap()).collect();
    for file in &files {
        assert_eq!(house.receive(&shared::event(file)).await, Received::Stored, "{file}");
        assert_eq!(house.receive(&shared::event(file)).await, Received::Repeated, "{file}");
    }
    house.work("worker").await;
    let unconcerned: Vec<_> =
        house.received(ReceivedState::Unconcerned).await.into_iter().map(|event| event.kind).collect();
    assert_eq!(unconcerned.len(), 2, "{unconcerned:?}");
    assert_eq!(house.received(ReceivedState::Settled).await.len(), files.len() - 2);
    // None of them is believed: the truth is one active subscription.
    let statuses: Vec<_> = house.subscriptions().await.into_iter().map(|it| it.status.as_str().to_owned()).collect();
    assert_eq!(statuses, ["active"]);
    assert_eq!(house.desk().drift().await.unwrap(), 0);
}
