//! Payments that were taken back, in every shape in which Stripe tells of them.

use crm_billing_stripe::StripeWebhook;
use crm_core::billing::{PaymentReversal, ProviderEvent, ReversalKind};
use crm_core::kernel::{Currency, Money};
use serde_json::{Value as Json, json};

use crate::shared;

fn read(event: &Json) -> ProviderEvent {
    StripeWebhook::stored(event.to_string().as_bytes()).unwrap()
}

fn reversal(event: &Json) -> Option<PaymentReversal> {
    read(event).reversal
}

/// An event about a dispute, in the shape of Stripe's specification.
pub(crate) fn dispute(id: &str, kind: &str, status: &str, charge: &Json, created: i64) -> Json {
    json!({
        "id": id, "object": "event", "type": kind, "created": created, "livemode": false,
        "api_version": "2026-01-28.clover",
        "data": {"object": {
            "id": "dp_1", "object": "dispute", "amount": 9_900, "currency": "usd", "charge": charge,
            "payment_intent": "pi_1", "reason": "fraudulent", "status": status, "created": created, "livemode": false,
            "balance_transactions": [], "evidence": {}, "is_charge_refundable": false, "metadata": {},
        }},
    })
}

#[test]
fn a_refunded_charge_is_a_refund_in_both_shapes() {
    let files = ["events/charge.refunded.json", "events/legacy.charge.refunded.json"];
    for file in files {
        let Some(event) = shared::json(file) else { return };
        let read = read(&event);
        assert_eq!(read.object.unwrap().kind, "charge", "{file}");
        let object = &event["data"]["object"];
        let usd = |name: &str| Some(Money::new(object[name].as_i64().unwrap(), Currency::USD));
        let told = read.reversal.unwrap();
        assert_eq!((told.kind, told.charge.unwrap().as_str()), (ReversalKind::Refund, object["id"].as_str().unwrap()));
        assert_eq!((told.amount, told.charged), (usd("amount_refunded"), usd("amount")), "{file}");
        assert_eq!((told.occurred_at, told.reason), (read.occurred_at, None), "{file}");
    }
}

#[test]
fn only_refunds_of_all_that_is_there_tell_of_a_reversal() {
    let Some(index) = shared::json("events/INDEX.json") else { return };
    let mut told = Vec::new();
    for expected in index["events"].as_array().unwrap() {
        let event: Json = serde_json::from_slice(&shared::event(expected["file"].as_str().unwrap())).unwrap();
        told.extend(reversal(&event).map(|_| event["type"].clone()));
    }
    assert_eq!(told, ["charge.refunded", "charge.refunded"]);
}

#[test]
fn a_dispute_tells_of_its_opening_and_its_end_and_is_asked_about_by_its_charge() {
    let cases = [
        ("charge.dispute.created", "needs_response", Some(ReversalKind::DisputeOpened)),
        ("charge.dispute.created", "warning_needs_response", Some(ReversalKind::DisputeOpened)),
        ("charge.dispute.created", "brewing", Some(ReversalKind::DisputeOpened)),
        ("charge.dispute.closed", "won", Some(ReversalKind::DisputeWon)),
        ("charge.dispute.closed", "warning_closed", Some(ReversalKind::DisputeWon)),
        ("charge.dispute.closed", "lost", Some(ReversalKind::DisputeLost)),
        ("charge.dispute.closed", "charge_refunded", Some(ReversalKind::DisputeLost)),
        ("charge.dispute.closed", "brewing", None),
        ("charge.dispute.updated", "under_review", None),
        ("charge.dispute.funds_withdrawn", "needs_response", None),
        ("charge.dispute.funds_reinstated", "won", None),
    ];
    for (kind, status, expected) in cases {
        for charge in [json!("ch_1"), json!({"id": "ch_1", "object": "charge", "zz": 1})] {
            let read = read(&dispute("evt_1", kind, status, &charge, 1_767_225_660));
            assert_eq!(read.reversal.as_ref().map(|told| told.kind.clone()), expected, "{kind} {status}");
            let object = read.object.unwrap();
            assert_eq!((object.kind.as_str(), object.id.unwrap().as_str()), ("charge", "ch_1"), "{kind} {status}");
            assert_eq!(read.customer, None, "{kind} {status}: it names none");
            if let Some(told) = read.reversal {
                assert_eq!((told.charge.unwrap().as_str(), told.reason.as_deref()), ("ch_1", Some("fraudulent")));
                assert_eq!((told.amount, told.charged), (Some(Money::new(9_900, Currency::USD)), None));
            }
        }
    }
}

/// Leaving a reversal out would be to overlook it; so nothing of what may be absent or strange takes it away.
#[test]
fn a_reversal_is_read_from_as_little_as_there_is() {
    let whole = dispute("evt_1", "charge.dispute.created", "needs_response", &json!("ch_1"), 1_767_225_660);
    for name in ["id", "amount", "currency", "charge", "reason", "status", "object"] {
        for strange in [Json::Null, json!({"at": [1]}), json!(true), json!(""), json!("a\u{0}b c"), json!(1.5)] {
            let mut event = whole.clone();
            event["data"]["object"][name] = strange.clone();
            let told = reversal(&event).unwrap();
            assert_eq!(told.kind, ReversalKind::DisputeOpened, "{name} {strange}");
            assert!(told.reason.is_none_or(|reason| reason == "fraudulent"), "{name} {strange}");
        }
    }
    let mut bare = whole.clone();
    bare["data"]["object"] = json!({});
    let told = reversal(&bare).unwrap();
    assert_eq!((told.charge, told.amount, told.reason), (None, None, None));
    let mut ended = dispute("evt_1", "charge.dispute.closed", "lost", &json!("ch_1"), 1);
    ended["data"]["object"]["status"] = Json::Null;
    assert_eq!(reversal(&ended), None, "an end of which nothing is known is none");
    let thin = json!({
        "id": "evt_1", "object": "v2.core.event", "type": "v1.charge.dispute.created",
        "created": "2026-01-01T00:00:00Z", "related_object": {"id": "dp_1", "type": "dispute"},
    });
    assert_eq!(reversal(&thin), None, "it holds nothing to be read");
}

#[test]
fn an_old_refund_says_why_and_one_in_yen_is_counted_as_yen() {
    let event = json!({
        "id": "evt_1", "object": "event", "type": "charge.refunded", "created": 1_600_000_000, "livemode": false,
        "data": {"object": {
            "id": "ch_1", "object": "charge", "amount": 5_000, "amount_refunded": 2_000, "currency": "jpy",
            "customer": "cus_1", "invoice": "in_1", "refunded": false,
            "refunds": {"object": "list", "data": [{"id": "re_2", "reason": "requested_by_customer"}, {"id": "re_1"}]},
        }},
    });
    let told = reversal(&event).unwrap();
    assert_eq!(told.reason.as_deref(), Some("requested_by_customer"));
    let yen = |minor| Some(Money::new(minor, Currency::parse("JPY").unwrap()));
    assert_eq!((told.amount, told.charged), (yen(2_000), yen(5_000)));
}
