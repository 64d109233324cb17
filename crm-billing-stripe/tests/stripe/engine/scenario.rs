//! The scenarios: what happens, in its true order, and what must come of it.

use crm_billing_stripe::testing::FakeStripe;
use crm_core::billing::{BillingGateway, SubscriptionTruth};
use crm_core::kernel::Timestamp;
use serde_json::{Value as Json, json};

use super::house::{House, at, customer, service};
use crate::fake::gateway;
use crate::shared;

pub(crate) struct Scenario {
    pub(crate) name: String,
    /// The events in their true order, as bytes.
    pub(crate) events: Vec<Vec<u8>>,
    /// What Stripe holds before the first event and after each.
    pub(crate) objects: Vec<Vec<Json>>,
    /// The same, as it was answered over HTTP.
    pub(crate) truths: Vec<Vec<SubscriptionTruth>>,
    evaluate_at: i64,
    expected: Json,
}

fn object(file: &str) -> Json {
    let event: Json = serde_json::from_slice(&shared::event(file)).unwrap();
    event["data"]["object"].clone()
}

/// What Stripe holds once an event has happened.
fn objects_after(files: &[String], scenario: &Json) -> Vec<Json> {
    let last = |beginning: &str| files.iter().rev().find(|file| file.contains(beginning));
    let Some(mut subscription) = last("customer.subscription.").map(|file| object(file)) else { return Vec::new() };
    let invoice = last("invoice.").filter(|file| !file.contains("upcoming")).map(|file| object(file));
    if files.len() == scenario["events_in_true_order"].as_array().unwrap().len() {
        subscription = object(scenario["authoritative_subscription_from"].as_str().unwrap());
        if let Some(file) = scenario["authoritative_latest_invoice_from"].as_str() {
            let invoice = object(file);
            subscription["latest_invoice"] = invoice["id"].clone();
            return vec![subscription, invoice];
        }
        return vec![subscription];
    }
    std::iter::once(subscription).chain(invoice).collect()
}

/// All scenarios; none, and a word about it, when they are not there.
pub(crate) async fn all() -> Vec<Scenario> {
    let Some(scenarios) = shared::json("scenarios.json") else { return Vec::new() };
    let mut read = Vec::new();
    for scenario in scenarios["scenarios"].as_array().unwrap() {
        let files: Vec<String> = serde_json::from_value(scenario["events_in_true_order"].clone()).unwrap();
        let objects: Vec<Vec<Json>> =
            (0..=files.len()).map(|happened| objects_after(&files[..happened], scenario)).collect();
        let mut truths = Vec::new();
        for objects in &objects {
            truths.push(told(objects).await);
        }
        read.push(Scenario {
            name: scenario["name"].as_str().unwrap().to_owned(),
            events: files.iter().map(|file| shared::event(file)).collect(),
            objects,
            truths,
            evaluate_at: scenario["evaluate_at"].as_i64().unwrap(),
            expected: json!({"access": scenario["expected_access"], "status": scenario["expected_status"]}),
        });
    }
    read
}

/// What the adapter answers when Stripe holds these objects.
async fn told(objects: &[Json]) -> Vec<SubscriptionTruth> {
    let stripe = FakeStripe::start(at(1_767_225_600)).await.unwrap();
    for object in objects {
        stripe.put(object.clone());
    }
    gateway(stripe.address()).0.subscriptions(&customer()).await.unwrap()
}

impl Scenario {
    pub(crate) fn evaluate_at(&self) -> Timestamp {
        at(self.evaluate_at)
    }

    /// What came of it, in the words of the scenario.
    pub(crate) async fn outcome(&self, house: &House) -> Json {
        let decision = house.decision(self.evaluate_at()).await;
        let levels = self.expected["access"].as_object().unwrap().keys().map(|name| {
            let level = decision.level(service(name)).as_str();
            (name.clone(), Json::from(level))
        });
        let statuses: Vec<_> = house.subscriptions().await.iter().map(|it| it.status.as_str().to_owned()).collect();
        let unnamed = decision.services().filter(|(service, access)| {
            let named =
                self.expected["access"].as_object().unwrap().keys().any(|name| super::house::service(name) == *service);
            !named && access.level.as_str() != "none"
        });
        // Basic CRM is everybody's.
        assert_eq!(unnamed.count(), 1, "{}", self.name);
        json!({"access": levels.collect::<serde_json::Map<_, _>>(), "status": statuses.join(", ")})
    }

    pub(crate) fn expected(&self) -> &Json {
        &self.expected
    }
}
