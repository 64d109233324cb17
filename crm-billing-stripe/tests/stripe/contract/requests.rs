//! Every operation of the gateway, sent to a stand-in that answers with Stripe's own samples.

use std::collections::BTreeSet;
use std::sync::Arc;

use crm_billing_stripe::StripeBilling;
use crm_core::access::OrganizationId;
use crm_core::billing::{
    BillingGateway, Cancellation, ChangeWhen, CheckoutLine, CheckoutRequest, ExternalId, GatewayResult, IdempotencyKey,
    ItemChange, LostCommand, MeterEvent, NewCustomer, ObjectRef, PortalRequest, SoughtEffect, SubscriptionChange,
};
use crm_core::kernel::{Id, Timestamp};
use serde_json::Value as Json;

use super::openapi::OpenApi;
use crate::fake::{Asked, Reply, Server, gateway};
use crate::shared;

fn external(id: &str) -> ExternalId {
    id.parse().unwrap()
}

fn key(name: &str) -> IdempotencyKey {
    name.parse().unwrap()
}

fn change(when: ChangeWhen) -> SubscriptionChange {
    SubscriptionChange {
        customer: external("cus_1"),
        subscription: external("sub_1"),
        items: vec![
            ItemChange::Add { price: external("price_1"), quantity: 2 },
            ItemChange::Replace { item: external("si_1"), price: external("price_2"), quantity: 1 },
            ItemChange::Remove { item: external("si_2") },
        ],
        when,
    }
}

/// Everything that the gateway can do, in every variant that sends something else.
async fn everything(gateway: &StripeBilling) -> GatewayResult<()> {
    let (customer, subscription, session) = (external("cus_1"), external("sub_1"), external("cs_test_1"));
    let at: Timestamp = "2026-03-02T09:00:00.5Z".parse().unwrap();

    let organization: OrganizationId = Id::new("8f14e45f-ceea-467f-9a3c-0c5f5b1e0001".parse().unwrap());
    let new = NewCustomer {
        organization,
        name: "Zoë & Söhne [1]".to_owned(),
        email: Some("billing@acme.example".parse().unwrap()),
    };
    gateway.create_customer(&new, &key("make")).await?;
    gateway.create_customer(&NewCustomer { email: None, ..new }, &key("make-2")).await?;
    gateway.customer(&customer).await?;
    for kind in ["customer", "subscription", "invoice", "payment_method", "checkout.session", "charge", "billing.meter"]
    {
        let object = ObjectRef { kind: kind.to_owned(), id: Some(external("any_1")) };
        // Some of Stripe's samples belong to nobody.
        gateway.customer_of(&object).await?;
        assert_eq!(gateway.customer_of(&ObjectRef { kind: kind.to_owned(), id: None }).await?, None);
    }

    assert_eq!(gateway.subscriptions(&customer).await?.len(), 1);
    assert_eq!(gateway.invoices(&customer).await?.len(), 1);
    assert_eq!(gateway.payment_methods(&customer).await?.len(), 1);
    assert!(!gateway.prices().await?.is_empty());

    let request = CheckoutRequest {
        customer: customer.clone(),
        lines: vec![
            CheckoutLine { price: external("price_1"), quantity: Some(3) },
            CheckoutLine { price: external("price_2"), quantity: None },
        ],
        trial_days: Some(14),
        success_url: "https://crm.example/ok?session_id={CHECKOUT_SESSION_ID}".to_owned(),
        cancel_url: "https://crm.example/".to_owned(),
        reference: "8f14e45f-ceea-467f-9a3c-0c5f5b1e0001".to_owned(),
    };
    gateway.open_checkout(&request, &key("check")).await?;
    gateway.open_checkout(&CheckoutRequest { trial_days: None, ..request }, &key("check-2")).await?;
    gateway.checkout(&session).await?;
    gateway.expire_checkout(&session).await?;
    let portal = PortalRequest { customer: customer.clone(), return_url: "https://crm.example/".to_owned() };
    gateway.open_portal(&portal, &key("portal")).await?;

    for (index, prorate_from) in [None, Some(at)].into_iter().enumerate() {
        let now = change(ChangeWhen::Now { prorate_from });
        gateway.preview_change(&now).await?;
        gateway.change_subscription(&now, &key(&format!("change-{index}"))).await?;
    }
    gateway.preview_change(&change(ChangeWhen::AtPeriodEnd)).await?;
    gateway.change_subscription(&change(ChangeWhen::AtPeriodEnd), &key("later")).await?;
    for (index, way) in [Cancellation::Now, Cancellation::AtPeriodEnd, Cancellation::Never].into_iter().enumerate() {
        gateway.cancel_subscription(&subscription, way, &key(&format!("cancel-{index}"))).await?;
    }
    gateway.finalise_drafts(&subscription).await?;
    gateway.preview_change(&change(ChangeWhen::NowOnNextInvoice)).await?;
    gateway.change_subscription(&change(ChangeWhen::NowOnNextInvoice), &key("seats")).await?;
    for effect in [SoughtEffect::Customer, SoughtEffect::Checkout { customer: customer.clone() }] {
        let lost = LostCommand { key: key("make"), sent_at: at, effect };
        assert_eq!(gateway.effect_of(&lost).await?, None, "Stripe's samples have no metadata of ours");
    }

    let usage = MeterEvent {
        identifier: external("usage-1"),
        meter: "messages_sent".to_owned(),
        customer,
        value: 25,
        occurred_at: at,
    };
    gateway.record_usage(&usage).await?;
    gateway.undelivered_events(at).await?;
    Ok(())
}

/// Sends everything to a stand-in that answers from `fixtures`, changed by `change`.
async fn sent(spec: &Arc<OpenApi>, fixtures: Json, change: fn(&Asked, &mut Json)) -> (GatewayResult<()>, Vec<Asked>) {
    let answers = Arc::clone(spec);
    let server = Server::start(move |request, _| {
        let mut answer = answers.sample(request, &fixtures);
        change(request, &mut answer);
        Reply::json(&answer)
    })
    .await;
    let (gateway, _) = gateway(server.address());
    (everything(&gateway).await, server.asked())
}

fn as_they_are(_: &Asked, _: &mut Json) {}

/// The samples say that they are paged and have drafts, a plan of changes, or none, so that each way is gone.
fn other_ways(request: &Asked, answer: &mut Json) {
    let more = request.parameter("starting_after").is_none();
    if request.path == "/v1/subscriptions/sub_1" && request.method == "GET" {
        answer["schedule"] = "sub_sched_1".into();
        answer["cancel_at_period_end"] = Json::Bool(false);
    }
    if request.path == "/v1/subscriptions" {
        answer["data"][0]["items"]["has_more"] = Json::Bool(true);
    }
    if request.path == "/v1/invoices" {
        answer["data"][0]["lines"]["has_more"] = Json::Bool(true);
        answer["data"][0]["auto_advance"] = Json::Bool(false);
    }
    let repeats = request.path == "/v1/prices" || request.path == "/v1/events";
    if more && repeats {
        answer["has_more"] = Json::Bool(true);
        answer["data"][0]["id"] = "another_1".into();
    }
}

const FIXTURES: [&str; 2] = ["fixtures.2026-01-28.clover.json", "fixtures.2026-07-29.dahlia.json"];

#[tokio::test]
async fn every_request_fits_stripes_specification_and_every_answer_is_read() {
    let Some(spec) = OpenApi::read().map(Arc::new) else { return };
    let mut operations = BTreeSet::new();
    for file in FIXTURES {
        for ways in [as_they_are, other_ways] {
            let (result, asked) = sent(&spec, shared::json(file).unwrap(), ways).await;
            assert_eq!(result, Ok(()), "{file}: {:#?}", asked.last());
            for request in &asked {
                let problems = spec.problems(request);
                assert!(problems.is_empty(), "{problems:#?} in {request:#?}");
                assert_eq!(request.header("stripe-version"), Some("2026-01-28.clover"));
                assert_eq!(request.header("authorization"), Some(format!("Bearer {}", crate::fake::KEY).as_str()));
                let asks = request.path == "/v1/invoices/create_preview";
                let needs_key = request.method == "POST" && !asks;
                assert_eq!(request.header("idempotency-key").is_some(), needs_key, "{request:#?}");
                operations.insert(spec.operation(request).unwrap().name);
            }
        }
    }
    let expected = BTreeSet::from(OPERATIONS.map(str::to_owned));
    assert_eq!(operations, expected);
}

/// All that is sent. Whoever adds one must make [`everything`] send it.
const OPERATIONS: [&str; 28] = [
    "DELETE /v1/subscriptions/{subscription_exposed_id}",
    "GET /v1/charges/{charge}",
    "GET /v1/checkout/sessions",
    "GET /v1/checkout/sessions/{session}",
    "GET /v1/customers",
    "GET /v1/customers/{customer}",
    "GET /v1/customers/{customer}/payment_methods",
    "GET /v1/events",
    "GET /v1/invoices",
    "GET /v1/invoices/{invoice}",
    "GET /v1/invoices/{invoice}/lines",
    "GET /v1/payment_methods/{payment_method}",
    "GET /v1/prices",
    "GET /v1/subscription_items",
    "GET /v1/subscription_schedules/{schedule}",
    "GET /v1/subscriptions",
    "GET /v1/subscriptions/{subscription_exposed_id}",
    "POST /v1/billing/meter_events",
    "POST /v1/billing_portal/sessions",
    "POST /v1/checkout/sessions",
    "POST /v1/checkout/sessions/{session}/expire",
    "POST /v1/customers",
    "POST /v1/invoices/create_preview",
    "POST /v1/invoices/{invoice}/finalize",
    "POST /v1/subscription_schedules",
    "POST /v1/subscription_schedules/{schedule}",
    "POST /v1/subscription_schedules/{schedule}/release",
    "POST /v1/subscriptions/{subscription_exposed_id}",
];

#[tokio::test]
async fn the_judge_notices_planted_mistakes() {
    let Some(spec) = OpenApi::read().map(Arc::new) else { return };
    let (_, asked) = sent(&spec, shared::json(FIXTURES[0]).unwrap(), as_they_are).await;
    let checkout = asked.iter().find(|request| request.path == "/v1/checkout/sessions").unwrap();
    assert!(spec.problems(checkout).is_empty());

    let too_long = "a".repeat(201);
    let mistakes = [
        ("line_items[0][price]", "line_items[0][pice]", "price_1"),
        ("line_items[0][price]", "line_items[price]", "price_1"),
        ("line_items[0][quantity]", "line_items[0][quantity]", "three"),
        ("mode", "mode", "subscripton"),
        ("customer", "costumer", "cus_1"),
        ("client_reference_id", "client_reference_id", &too_long),
        ("subscription_data[trial_period_days]", "subscription_data[trial_days]", "14"),
    ];
    for (name, misspelt, value) in mistakes {
        let mut wrong = checkout.clone();
        let pair = wrong.parameters.iter_mut().find(|(known, _)| known == name).unwrap();
        *pair = (misspelt.to_owned(), value.to_owned());
        assert_eq!(spec.problems(&wrong).len(), 1, "{name} as {misspelt}={value}");
    }
    let mut wrong = checkout.clone();
    wrong.path = "/v1/checkout/session".to_owned();
    assert_eq!(spec.problems(&wrong).len(), 1);
    let mut wrong = asked.iter().find(|request| request.path == "/v1/billing/meter_events").unwrap().clone();
    wrong.parameters.retain(|(name, _)| name != "event_name");
    assert_eq!(spec.problems(&wrong), ["POST /v1/billing/meter_events: event_name is missing"]);
}
