//! What providers say by themselves: verified over the very bytes, stored before it is answered, and nothing else.

use std::sync::Arc;

use axum::http::{Method, Request};
use crm_billing_stripe::testing::FakeStripe;
use crm_billing_stripe::{LONGEST_BODY, SecretKey, StripeBilling, StripeConfig, signature_header};
use crm_core::access::Caller;
use crm_core::billing::ReceivedEvent;
use crm_core::kernel::{Clock as _, Predicate};
use crm_core::testing::ManualClock;
use crm_http::Options;
use crm_social_meta::testing::sign;
use serde_json::{Value as Json, json};

use crate::office::{Office, Reply, SharedClock, generous};
use crate::outside::{APP_SECRET, VERIFY_TOKEN, World};

impl Office {
    async fn deliver(&self, path: &str, name: &str, signature: Option<&str>, body: &[u8]) -> Reply {
        let mut request = Request::builder().method(Method::POST).uri(path).header("content-type", "application/json");
        if let Some(signature) = signature {
            request = request.header(name, signature);
        }
        self.raw(request.body(body.to_vec().into()).unwrap()).await
    }
    async fn deliver_stripe(&self, signature: Option<&str>, body: &[u8]) -> Reply {
        self.deliver("/api/webhooks/stripe", "stripe-signature", signature, body).await
    }
    async fn deliver_meta(&self, signature: Option<&str>, body: &[u8]) -> Reply {
        self.deliver("/api/webhooks/whatsapp", "x-hub-signature-256", signature, body).await
    }

    /// The events that the desk has received.
    async fn received(&self) -> Vec<String> {
        let desk = self.crm.organization_by_slug(&"desk".to_owned().try_into().unwrap()).await.unwrap().unwrap();
        let session = self.crm.session(Caller::system(desk, "test"));
        let mut uow = session.begin(crm_core::access::Permission::BillingRead).await.unwrap();
        let rows = uow.list_all(&Predicate::<ReceivedEvent>::everything()).await.unwrap();
        rows.into_iter().map(|row| row.value.external_id.to_string()).collect()
    }
}

/// An office whose billing is Stripe's. Nothing of it is asked here.
async fn with_stripe() -> Office {
    let clock = Arc::new(ManualClock::default());
    let config = StripeConfig::at("http://127.0.0.1:9", SecretKey::parse(FakeStripe::KEY).unwrap()).unwrap();
    let world = World::new(SharedClock(Arc::clone(&clock))).with_gateway(StripeBilling::new(config).unwrap());
    Office::within(world, clock, Options { rates: generous(), ..Options::default() }).await
}

fn event(id: &str) -> Vec<u8> {
    let object = json!({ "id": "sub_1", "object": "subscription", "customer": "cus_1" });
    json!({ "id": id, "object": "event", "type": "customer.subscription.updated", "livemode": false,
        "created": 1_767_225_600, "api_version": "2026-01-28.clover", "data": { "object": object } })
    .to_string()
    .into_bytes()
}

#[tokio::test]
async fn an_event_of_stripe_is_stored_before_it_is_answered_and_once() {
    let office = with_stripe().await;
    let body = event("evt_1");
    let signature = signature_header(FakeStripe::WEBHOOK_SECRET, &body, office.clock.now());
    for _ in 0..3 {
        let reply = office.deliver_stripe(Some(&signature), &body).await;
        assert_eq!(reply.expect(200), json!({ "received": true }));
        assert_eq!(office.received().await, ["evt_1"], "it is there when the answer is");
    }
}

#[tokio::test]
async fn what_stripe_did_not_sign_is_refused_without_a_reason_and_kept_nowhere() {
    let office = with_stripe().await;
    let body = event("evt_1");
    let now = office.clock.now();
    let good = signature_header(FakeStripe::WEBHOOK_SECRET, &body, now);
    let stale = now.minus(std::time::Duration::from_mins(6));
    let mut tampered = body.clone();
    tampered.push(b' ');
    let cases = [
        ("no signature", None, &body),
        ("another secret", Some(signature_header("whsec_other", &body, now)), &body),
        ("signed too long ago", Some(signature_header(FakeStripe::WEBHOOK_SECRET, &body, stale)), &body),
        ("one byte more", Some(good.clone()), &tampered),
    ];
    let mut answers = Vec::new();
    for (why, signature, body) in cases {
        let reply = office.deliver_stripe(signature.as_deref(), body).await;
        assert_eq!((reply.status.as_u16(), &reply.json()["code"]), (400, &json!("webhook.refused")), "{why}");
        answers.push(reply.text());
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "no answer helps who tries to forge");
    let large = vec![b' '; LONGEST_BODY + 1];
    assert_eq!(office.deliver_stripe(Some(&good), &large).await.status, 413);
    assert_eq!(office.received().await, Vec::<String>::new());
    assert_eq!(office.deliver_stripe(Some(&good), &body).await.status, 200, "the same with the right signature");
}

#[tokio::test]
async fn meta_gets_its_challenge_when_it_knows_what_was_agreed_on() {
    let office = Office::open().await;
    for platform in ["facebook", "instagram", "whatsapp"] {
        let ask = async |query: String| {
            office.send_with(Method::GET, &format!("/api/webhooks/{platform}{query}"), None, &[]).await
        };
        let known = ask(format!("?hub.mode=subscribe&hub.verify_token={VERIFY_TOKEN}&hub.challenge=1158201444")).await;
        assert_eq!((known.status.as_u16(), known.text().as_str()), (200, "1158201444"));
        assert_eq!(known.header("content-type"), Some("text/plain; charset=utf-8"));
        assert_eq!(ask("?hub.mode=subscribe&hub.verify_token=other&hub.challenge=1".to_owned()).await.status, 403);
        assert_eq!(ask(format!("?hub.verify_token={VERIFY_TOKEN}&hub.challenge=1")).await.status, 400);
        let markup = ask(format!("?hub.mode=subscribe&hub.verify_token={VERIFY_TOKEN}&hub.challenge=%3Cb%3E")).await;
        assert_eq!(markup.status, 400, "markup is not echoed");
    }
}

/// A delivery of `WhatsApp` to this number.
fn delivery(office: &Office, id: &str) -> Vec<u8> {
    let message = json!({ "from": "12025550123", "id": id, "timestamp": "1767225600", "type": "text", "text": { "body": "Hello" } });
    let metadata =
        json!({ "display_phone_number": "1555", "phone_number_id": format!("number-{}", office.organization) });
    let contacts = json!([{ "profile": { "name": "Ana" }, "wa_id": "12025550123" }]);
    let value =
        json!({ "messaging_product": "whatsapp", "metadata": metadata, "contacts": contacts, "messages": [message] });
    let entry = json!({ "id": "business-1", "changes": [{ "field": "messages", "value": value }] });
    json!({ "object": "whatsapp_business_account", "entry": [entry] }).to_string().into_bytes()
}

#[tokio::test]
async fn a_signed_delivery_of_meta_becomes_a_conversation_and_a_forged_one_nothing() {
    let office = Office::open().await;
    office.connect_number().await;
    let body = delivery(&office, "wamid.1");
    let forged = sign(&body, "another secret");
    for signature in [None, Some(forged.as_str()), Some("sha256=00"), Some("")] {
        let reply = office.deliver_meta(signature, &body).await;
        assert_eq!((reply.status.as_u16(), &reply.json()["code"]), (401, &json!("webhook.refused")), "{signature:?}");
    }
    office.work().await;
    let conversations = async || office.get("/api/social/conversations").await.expect(200)["items"].clone();
    assert_eq!(conversations().await, json!([]));

    let signature = sign(&body, APP_SECRET);
    for _ in 0..2 {
        assert_eq!(office.deliver_meta(Some(&signature), &body).await.expect(200), json!({ "received": true }));
    }
    office.work().await;
    let threads = conversations().await;
    let thread = threads[0]["id"].as_str().unwrap();
    let messages = office.get(&format!("/api/social/conversations/{thread}/messages")).await.expect(200);
    let texts: Vec<&Json> = messages.as_array().unwrap().iter().map(|message| &message["text"]).collect();
    assert_eq!(texts, ["Hello"], "the second delivery is the same");
    let garbage = b"{";
    assert_eq!(office.deliver_meta(Some(&sign(garbage, APP_SECRET)), garbage).await.status, 400);
}
