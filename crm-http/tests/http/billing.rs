//! What an organization pays for: seen, subscribed to, changed and ended through the API.

use std::sync::Arc;

use axum::http::Method;
use crm_core::access::StandardRole;
use crm_core::billing::{AccessPolicy, SubscriptionPaywall};
use crm_core::crm::Crm;
use crm_core::store::MemoryStore;
use crm_core::testing::{ManualClock, SequentialIds};
use crm_http::{Options, router_with};
use serde_json::{Value as Json, json};

use crate::office::{Office, SharedClock, Trusting, found, generous, id};
use crate::outside::{World, outside, with_outside};

/// An office behind a paywall: what is not paid for is closed.
async fn paying() -> Office {
    let clock = Arc::new(ManualClock::default());
    let store = MemoryStore::new();
    let paywall = Arc::new(SubscriptionPaywall::new(Arc::new(store.clone()), AccessPolicy::default()));
    let crm = Crm::new(store, SharedClock(Arc::clone(&clock)), SequentialIds::new()).with_paywall(Arc::clone(&paywall));
    let world = World::new(SharedClock(Arc::clone(&clock)));
    let desk = found(&crm, "desk").await.0;
    let (crm, billing) = with_outside(crm, &world, desk).await;
    let billing = billing.with_paywall(paywall);
    let options = Options { rates: generous(), outside: outside(billing), ..Options::default() };
    let router = router_with(crm.clone(), Trusting(crm.clone()), options, |_| ()).unwrap();
    let (organization, owner) = found(&crm, "office").await;
    Office { crm, clock, router, organization, owner, world }
}

fn service<'a>(services: &'a Json, name: &str) -> &'a Json {
    services.as_array().unwrap().iter().find(|one| one["service"] == name).unwrap()
}

#[tokio::test]
async fn anybody_sees_the_services_on_offer_with_their_prices() {
    let office = Office::open().await;
    let offers = office.send_with(Method::GET, "/api/billing/services", None, &[]).await.expect(200);
    assert_eq!(offers.as_array().unwrap().len(), 6);
    let leads = service(&offers, "lead_generation");
    assert_eq!(leads["product"], "Lead Generation Portal");
    let price = |key: &str, minor: i64, interval: &str| json!({ "lookup_key": key, "amount": { "minor": minor, "currency": "USD" }, "interval": interval });
    assert_eq!(
        leads["prices"],
        json!([price("leadgen_monthly", 9_900, "month"), price("leadgen_yearly", 99_900, "year")])
    );
}

#[tokio::test]
async fn a_locked_service_is_refused_as_clients_expect_and_opens_with_the_subscription() {
    let office = paying().await;
    let refused = office.get("/api/scoring/rules").await;
    let problem = refused.json();
    assert_eq!(refused.status, 403);
    assert_eq!(
        (&problem["code"], &problem["error"], &problem["service"]),
        (&json!("subscription.required"), &json!("subscription_required"), &json!("LeadGeneration"))
    );
    assert_eq!(problem["message"], problem["detail"]);
    assert!(problem["message"].as_str().unwrap().contains("LeadGeneration"), "{problem}");
    assert_eq!(office.get("/api/leads").await.status, 200, "what is basic is never closed");

    let access = office.get("/api/billing/access").await.expect(200);
    let locked = service(&access, "lead_generation");
    assert_eq!(
        (&locked["level"], &locked["reason"], &locked["hint"]),
        (&json!("none"), &json!("not_subscribed"), &json!("checkout"))
    );

    office.subscribe("leadgen_monthly").await;
    assert_eq!(office.get("/api/scoring/rules").await.status, 200);
    assert_eq!(
        office.get("/api/social/conversations").await.json()["service"],
        "SocialInbox",
        "the others stay closed"
    );
    let access = office.get("/api/billing/access").await.expect(200);
    let open = service(&access, "lead_generation");
    assert_eq!((&open["level"], &open["reason"], &open["quantity"]), (&json!("full"), &json!("paid"), &json!(1)));
    let why = open["why"]["because"][0]["text"].as_str().unwrap();
    assert!(why.contains("active") && why.contains("it is paid for"), "{why}");
}

#[tokio::test]
async fn a_subscription_is_seen_changed_and_ended() {
    let office = Office::open().await;
    let wish = json!({ "prices": ["leadgen_monthly"] });
    let page = office.post("/api/billing/checkout", wish.clone()).await.expect(200);
    assert_eq!((&page["status"], page["url"].as_str().is_some()), (&json!("open"), true));
    assert_eq!(
        office.post("/api/billing/checkout", wish.clone()).await.expect(200)["id"],
        page["id"],
        "it is still open"
    );

    let subscription = office.subscribe("leadgen_monthly").await;
    let taken = office.post("/api/billing/checkout", wish).await;
    assert_eq!((taken.status.as_u16(), &taken.json()["code"]), (409, &json!("checkout.already_granted")));
    let overview = office.get("/api/billing/subscription").await.expect(200);
    assert_eq!(service(&overview["services"], "lead_generation")["level"], "full");
    assert_eq!(overview["subscriptions"][0], subscription);
    assert_eq!((&overview["dunning"], &overview["trial_available"]), (&json!([]), &json!(true)));

    let item = &subscription["truth"]["items"][0]["id"];
    let dearer = json!({ "subscription": subscription["external_id"], "when": { "now": {} },
        "items": [{ "replace": { "item": item, "price": "price_leadgen_yearly", "quantity": 1 } }] });
    let preview = office.post("/api/billing/subscription/preview", dearer.clone()).await.expect(200);
    assert_eq!(preview["due"], json!({ "minor": 90_000, "currency": "USD" }));
    let changed = office.post("/api/billing/subscription/change", dearer).await.expect(200);
    assert_eq!(changed["subscriptions"][0]["truth"]["items"][0]["price"]["lookup_key"], "leadgen_yearly");

    let end = json!({ "subscription": subscription["external_id"] });
    let ending = office.post("/api/billing/subscription/cancel", end).await.expect(200);
    assert_eq!(ending["subscriptions"][0]["truth"]["cancel_at_period_end"], true);
    let portal = office.post("/api/billing/portal", json!({})).await.expect(200);
    assert!(portal["url"].as_str().unwrap().starts_with("https://"), "{portal}");

    let revenue = office.get("/api/analytics/revenue").await.expect(200);
    assert_eq!(revenue["monthly"], json!([{ "minor": 8_325, "currency": "USD" }]));
    let moves: Vec<_> = revenue["moves"].as_array().unwrap().iter().map(|one| one["movement"].clone()).collect();
    assert_eq!(moves, [json!("contraction"), json!("new")], "the latest first");
    let usage = office.get("/api/billing/usage").await.expect(200);
    assert!(usage.as_array().unwrap().iter().any(|one| one["meter"] == "messages" && one["used"] == 0), "{usage}");
    assert_eq!(office.get("/api/billing/invoices?status=open").await.expect(200)["items"], json!([]));
    assert_eq!(office.get("/api/billing/payment-methods").await.expect(200), json!([]));
}

#[tokio::test]
async fn only_owners_and_admins_act_and_nobody_on_what_is_anothers() {
    let office = Office::open().await;
    let neighbour = office.neighbour().await;
    let subscription = office.subscribe("leadgen_monthly").await;
    let checkout =
        id(&neighbour.post("/api/billing/checkout", json!({ "prices": ["social_monthly"] })).await.expect(200));

    let mut answers = Vec::new();
    for session in [checkout.as_str(), "cs_of_nobody"] {
        let reply = office.post(&format!("/api/billing/checkout/{session}/complete"), json!({})).await;
        answers.push((reply.status.as_u16(), reply.text()));
    }
    assert_eq!(answers[0], answers[1], "whose it is cannot be told");
    assert_eq!(answers[0].0, 404);
    for id in [subscription["external_id"].as_str().unwrap(), "sub_of_nobody"] {
        let reply = neighbour.post("/api/billing/subscription/cancel", json!({ "subscription": id })).await;
        assert_eq!((reply.status.as_u16(), &reply.json()["code"]), (404, &json!("subscription.not_found")));
    }
    for role in StandardRole::ALL.iter().filter(|role| !matches!(role, StandardRole::Owner | StandardRole::Admin)) {
        let member = office.hire(role.as_str(), *role).await;
        let token = office.token(member);
        let wish = Some(json!({ "prices": ["social_monthly"] }));
        let head = [("authorization", token.as_str())];
        let reply = office.send_with(Method::POST, "/api/billing/checkout", wish, &head).await;
        assert_eq!((reply.status.as_u16(), &reply.json()["code"]), (403, &json!("permission.missing")), "{role:?}");
    }
}

#[tokio::test]
async fn a_plan_is_tried_on_what_really_happened() {
    let office = Office::open().await;
    let policy = async |action: &str| {
        let policy = json!({ "certainty": "likely", "action": action });
        office.send(Method::PUT, "/api/duplicate-policies", Some(policy)).await.expect(200)
    };
    office.clock.set("2026-03-01T00:00:00Z".parse().unwrap());
    policy("warn").await;
    office.clock.set("2026-03-02T00:00:00Z".parse().unwrap());
    office.subscribe("leadgen_monthly").await;
    office.clock.set("2026-03-03T00:00:00Z".parse().unwrap());
    policy("allow_and_flag").await;

    let month = json!({ "from": "2026-03-01T00:00:00Z", "until": "2026-03-12T00:00:00Z" });
    let tried = office.post("/api/billing/simulate", month.clone()).await.expect(200);
    assert_eq!((&tried["acts"], tried["refused"].as_array().unwrap().len()), (&json!(2), 1), "{tried}");
    assert_eq!(tried["refused"][0]["at"], "2026-03-01T00:00:00.000000Z");
    assert_eq!(tried["refused"][0]["reason"], "not_subscribed");
    let cost = |tried: &Json| tried["bill"][0]["amount"]["minor"].as_i64().unwrap();
    let mut dearer = month;
    dearer["prices"] = json!([{ "lookup_key": "leadgen_monthly", "service": "lead_generation",
        "amount": { "minor": 19_800, "currency": "USD" }, "interval": "month" }]);
    let twice = office.post("/api/billing/simulate", dearer).await.expect(200);
    assert!((cost(&twice) - 2 * cost(&tried)).abs() <= 1, "{twice}");
    let backwards = json!({ "from": "2026-03-12T00:00:00Z", "until": "2026-03-01T00:00:00Z" });
    assert_eq!(office.post("/api/billing/simulate", backwards).await.json()["code"], "simulation.no_time");
}

#[tokio::test]
async fn without_billing_each_endpoint_says_what_is_missing() {
    let mut office = Office::open().await;
    let options = Options { rates: generous(), ..Options::default() };
    office.router = router_with(office.crm.clone(), Trusting(office.crm.clone()), options, |_| ()).unwrap();
    for path in ["/api/billing/services", "/api/billing/subscription", "/api/billing/access", "/api/billing/invoices"] {
        let reply = office.get(path).await;
        assert_eq!((reply.status.as_u16(), &reply.json()["code"]), (501, &json!("billing.not_configured")), "{path}");
        assert!(reply.json()["detail"].as_str().unwrap().contains("ask its operator"), "{path}");
    }
    let reply = office.post("/api/billing/checkout", json!({ "prices": ["leadgen_monthly"] })).await;
    assert_eq!(reply.status, 501);
    let reply = office.send_with(Method::POST, "/api/webhooks/stripe", Some(json!({})), &[]).await;
    assert_eq!((reply.status.as_u16(), &reply.json()["code"]), (501, &json!("webhook.not_configured")));
}
