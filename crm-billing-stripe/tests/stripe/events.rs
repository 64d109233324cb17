//! Every event of Stripe's that we have, read as it would arrive.

use crm_billing_stripe::{StripeWebhook, WebhookError, WebhookSecrets, signature_header};
use crm_core::billing::{Mode, ProviderEvent};
use crm_core::kernel::Timestamp;
use serde_json::{Value as Json, json};

use crate::shared;

const SECRET: &str = "whsec_test";

fn now() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

/// The event as it arrives, signed.
fn arrived(body: &[u8]) -> Result<ProviderEvent, WebhookError> {
    let webhook = StripeWebhook::new(WebhookSecrets::new([SECRET]).unwrap());
    webhook.read(body, Some(&signature_header(SECRET, body, now())), now())
}

fn seconds(time: Timestamp) -> i64 {
    time.micros() / 1_000_000
}

/// The projection in the shape of the index.
fn projection(body: &[u8]) -> Option<Json> {
    let truth = StripeWebhook::stored(body).unwrap().subscription?;
    let items: Vec<_> = truth
        .items
        .iter()
        .map(|item| {
            json!({
                "item": item.id, "price": item.price.id, "lookup_key": item.price.lookup_key,
                "module": item.price.service, "quantity": item.quantity,
                "period_start": item.period.map(|period| seconds(period.start)),
                "period_end": item.period.map(|period| seconds(period.end)),
            })
        })
        .collect();
    Some(json!({
        "subscription": truth.id, "customer": truth.customer, "status": truth.status, "items": items,
        "cancel_scheduled": truth.is_cancel_scheduled(), "ends_at": truth.ends_at().map(seconds),
        "trial_end": truth.trial.map(|trial| seconds(trial.end)),
        "collection_paused": truth.collection_pause.is_some(),
    }))
}

#[test]
fn every_event_is_read_and_gives_the_projection_of_the_index() {
    let Some(index) = shared::json("events/INDEX.json") else { return };
    let events = index["events"].as_array().unwrap();
    for expected in events {
        let file = expected["file"].as_str().unwrap();
        let body = shared::event(file);
        let event = arrived(&body).unwrap();
        assert_eq!(event.id.as_str(), expected["id"], "{file}");
        assert_eq!(event.kind, expected["type"].as_str().unwrap(), "{file}");
        assert_eq!((event.mode, event.account), (Mode::Test, None), "{file}");
        assert_eq!(event.body.as_bytes(), body, "{file}");
        if let Some(created) = expected["created"].as_i64() {
            assert_eq!(seconds(event.occurred_at), created, "{file}");
        }
        let is_thin = expected["shape"] == "thin";
        if !is_thin {
            assert_eq!(event.object.unwrap().kind, expected["object"].as_str().unwrap(), "{file}");
        }
        let nobody = is_thin || expected["shape"] == "unknown";
        let customer = event.customer.map(String::from);
        assert_eq!(customer.as_deref(), if nobody { None } else { index["customer"].as_str() }, "{file}");
        assert_eq!(projection(&body).as_ref(), expected.get("normalized"), "{file}");
    }
    assert_eq!(events.len(), 55);
}

#[test]
fn what_cannot_be_asked_for_is_not_named() {
    let Some(body) = shared::bytes("events/invoice.upcoming.json") else { return };
    assert_eq!(arrived(&body).unwrap().object.unwrap().id, None);
    assert_eq!(arrived(&shared::event("legacy.invoice.upcoming.json")).unwrap().object.unwrap().id, None);
    let thin = arrived(&shared::event("thin.v1.customer.subscription.past_due.json")).unwrap().object.unwrap();
    assert_eq!((thin.kind.as_str(), thin.id.unwrap().as_str()), ("subscription", "sub_1AcmeMain000000001"));
}

/// Adds a field of every type to each object, and a word of the future where a word is not looked at.
fn with_strange_fields(json: &mut Json) {
    match json {
        Json::Object(fields) => {
            fields.values_mut().for_each(with_strange_fields);
            fields.insert("zz_new".to_owned(), json!({"a": [1, null, "x"], "type": "strange"}));
            fields.insert("zz_flag".to_owned(), json!(true));
        }
        Json::Array(values) => values.iter_mut().for_each(with_strange_fields),
        _ => {}
    }
}

#[test]
fn unknown_fields_change_nothing() {
    let Some(index) = shared::json("events/INDEX.json") else { return };
    for expected in index["events"].as_array().unwrap() {
        let file = expected["file"].as_str().unwrap();
        let mut event: Json = serde_json::from_slice(&shared::event(file)).unwrap();
        with_strange_fields(&mut event);
        let body = event.to_string().into_bytes();
        assert_eq!(arrived(&body).unwrap().id.as_str(), expected["id"], "{file}");
        assert_eq!(projection(&body).as_ref(), expected.get("normalized"), "{file}");
    }
}

#[test]
fn unknown_words_are_kept_and_known_ones_are_not_lost() {
    let Some(body) = shared::bytes("events/customer.subscription.updated.active.json") else { return };
    let mut event: Json = serde_json::from_slice(&body).unwrap();
    let object = &mut event["data"]["object"];
    object["status"] = json!("resting");
    object["items"]["data"][0]["price"]["recurring"]["interval"] = json!("fortnight");
    object["items"]["data"][0]["price"]["currency"] = json!("zzz");
    object["billing_mode"]["type"] = json!("elastic");
    let truth = StripeWebhook::stored(event.to_string().as_bytes()).unwrap().subscription.unwrap();
    assert_eq!(truth.status.as_str(), "resting");
    let price = &truth.items[0].price;
    assert_eq!((price.interval, price.unit_amount), (None, None));
    assert_eq!(price.service.as_deref(), Some("LeadGeneration"));
}

/// A known field of another type might hide an end; so nothing is read at all.
#[test]
fn a_known_field_of_another_type_is_not_guessed() {
    let Some(body) = shared::bytes("events/customer.subscription.updated.cancel_scheduled_flexible.json") else {
        return;
    };
    let mut event: Json = serde_json::from_slice(&body).unwrap();
    event["data"]["object"]["cancel_at"] = json!({"at": 1_769_904_000});
    let body = event.to_string().into_bytes();
    assert_eq!(StripeWebhook::stored(&body).unwrap().subscription, None);
    assert!(arrived(&body).is_ok(), "the event itself is kept");
}

#[test]
fn what_is_no_event_is_refused() {
    for body in [
        "null",
        "[]",
        "{}",
        "not json",
        "\u{feff}{}",
        r#"{"id":"evt_1"}"#,
        r#"{"id":"evt 1","type":"x","created":1}"#,
        r#"{"id":"evt_1","type":"x\u0000y","created":1}"#,
        r#"{"id":"evt_1","type":"x","created":"yesterday"}"#,
        r#"{"id":"evt_1","id":"evt_2","type":"x","created":1}"#,
        r#"{"id":7,"type":"x","created":1}"#,
        &"[".repeat(100_000),
    ] {
        let error = arrived(body.as_bytes()).unwrap_err();
        assert!(matches!(error, WebhookError::NotAnEvent(_)), "{error:?}");
    }
    assert!(matches!(arrived(b"{\"x\":\"\xff\"}").unwrap_err(), WebhookError::NotAnEvent(_)));
}

#[test]
fn a_truncated_event_is_refused_at_every_length() {
    let Some(body) = shared::bytes("events/payment_method.detached.json") else { return };
    for length in 1..body.len() {
        assert!(arrived(&body[..length]).is_err(), "{length}");
    }
}

#[test]
fn forged_replayed_and_oversized_webhooks_are_refused() {
    let webhook = StripeWebhook::new(WebhookSecrets::new([SECRET]).unwrap());
    let body = br#"{"id":"evt_1","type":"customer.updated","created":1}"#;
    let signed = signature_header(SECRET, body, now());
    let read = |body: &[u8], header: &str, now| webhook.read(body, Some(header), now).unwrap_err().to_string();
    assert!(webhook.read(body, Some(&signed), now()).is_ok());
    assert!(read(body, &signature_header("whsec_forged", body, now()), now()).contains("no signature fits"));
    assert!(read(br#"{"id":"evt_2","type":"customer.updated","created":1}"#, &signed, now()).contains("fits"));
    let later = now().plus(std::time::Duration::from_secs(301));
    assert!(read(body, &signed, later).contains("older than the tolerance"));
    let large = vec![b' '; (1 << 20) + 1];
    assert!(read(&large, &signature_header(SECRET, &large, now()), now()).contains("longer than"));
    assert_eq!(webhook.read(body, None, now()).unwrap_err().to_string(), "there is no Stripe-Signature header");
}

/// A subscription as Stripe wrote it before periods moved to the items; nothing when its items differ in their periods,
/// which could not be said then.
fn in_the_old_shape(mut subscription: Json) -> Option<Json> {
    let items = subscription["items"]["data"].as_array()?.clone();
    let period = |item: &Json| (item["current_period_start"].clone(), item["current_period_end"].clone());
    let (start, end) = period(items.first()?);
    if items.iter().any(|item| period(item) != (start.clone(), end.clone())) {
        return None;
    }
    for item in subscription["items"]["data"].as_array_mut()? {
        let item = item.as_object_mut()?;
        item.remove("current_period_start");
        item.remove("current_period_end");
        item.insert("plan".to_owned(), json!({"id": "price_old", "object": "plan", "amount": 1}));
    }
    let fields = subscription.as_object_mut()?;
    for gone in ["billing_mode", "billing_schedules", "status_details", "managed_payments"] {
        fields.remove(gone);
    }
    fields.insert("current_period_start".to_owned(), start);
    fields.insert("current_period_end".to_owned(), end);
    Some(subscription)
}

#[test]
fn invariant_5_a_subscription_in_the_old_shape_is_the_same_subscription() {
    let Some(index) = shared::json("events/INDEX.json") else { return };
    let mut compared = 0;
    for expected in index["events"].as_array().unwrap() {
        let file = expected["file"].as_str().unwrap();
        let mut event: Json = serde_json::from_slice(&shared::event(file)).unwrap();
        let paused_for_a_reason = event["data"]["object"]["status_details"].is_object();
        if event["data"]["object"]["object"] != "subscription" || paused_for_a_reason {
            continue;
        }
        let Some(old) = in_the_old_shape(event["data"]["object"].clone()) else { continue };
        let modern = StripeWebhook::stored(event.to_string().as_bytes()).unwrap().subscription.unwrap();
        event["data"]["object"] = old;
        let legacy = StripeWebhook::stored(event.to_string().as_bytes()).unwrap().subscription.unwrap();
        if file.starts_with("legacy.") {
            continue;
        }
        assert_eq!(modern, legacy, "{file}");
        compared += 1;
    }
    assert!(compared >= 12, "only {compared} were compared");
}
