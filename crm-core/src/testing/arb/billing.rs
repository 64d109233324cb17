//! Samples of what billing keeps.

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::pools::{any_id, instant, maybe, number, word};
use super::samples::read;
use super::{Sample, one_of};
use crate::access::Organization;
use crate::billing::{
    BillingAccount, BillingCommand, BillingCustomer, BillingNotice, Invoice, PaymentMethod, ReceivedEvent, RevenueFact,
    ReversedPayment, ServiceGrant, ServicePrice, Subscription, UsageCounter, UsageLimit, UsageRecord, UsageWarning,
};

/// One of few identifiers of the provider.
fn external() -> BoxedStrategy<&'static str> {
    one_of(&["cus_1", "cus_2", "sub_1", "evt_1", "evt_2", "A~!"])
}

fn service() -> BoxedStrategy<&'static str> {
    one_of(&["lead_generation", "email_automation", "social_inbox"])
}

fn status() -> BoxedStrategy<&'static str> {
    one_of(&["active", "past_due", "canceled", "some_future_state"])
}

fn price(id: &str) -> Json {
    json!({
        "id": id, "lookup_key": "leadgen_monthly", "product": null, "service": null,
        "unit_amount": { "minor": 9900, "currency": "USD" }, "interval": "month", "interval_count": 1,
        "metered": false, "active": true,
    })
}

fn truth() -> BoxedStrategy<Json> {
    let parts = (external(), external(), status(), instant(), maybe(instant()), any::<bool>());
    parts
        .prop_map(|(id, customer, status, at, end, flag)| {
            json!({
                "id": id, "customer": customer, "status": status, "created_at": at, "cancel_at": end,
                "cancel_at_period_end": flag, "canceled_at": null, "ended_at": end, "collection_pause": null,
                "pause_reason": null, "trial": null, "default_payment_method": null, "discounts": [], "schedule": null,
                "pending_update": flag, "latest_invoice": null,
                "items": [{ "id": "si_1", "quantity": 1, "price": price("price_1"), "period": { "start": at, "end": at } }],
            })
        })
        .boxed()
}

fn reversal() -> BoxedStrategy<Json> {
    let kind = one_of(&["refund", "dispute_opened", "dispute_won", "dispute_lost", "some_future_word"]);
    let parts = (kind, maybe(external()), maybe(number()), maybe(word()), instant());
    parts
        .prop_map(|(kind, charge, minor, reason, at)| {
            let amount = if minor.is_null() { Json::Null } else { json!({ "minor": minor, "currency": "EUR" }) };
            json!({
                "kind": kind, "charge": charge, "amount": amount, "charged": null, "reason": reason, "occurred_at": at,
            })
        })
        .boxed()
}

impl Sample for ReversedPayment {
    fn sample() -> BoxedStrategy<Self> {
        let effect = one_of(&["keep", "restore", "read_only", "none"]);
        read((external(), external(), reversal(), effect).prop_map(|(event_id, customer_id, reversal, effect)| {
            json!({
                "provider": "stripe", "event_id": event_id, "customer_id": customer_id, "reversal": reversal,
                "effect": effect,
            })
        }))
    }
}

impl Sample for ReceivedEvent {
    fn sample() -> BoxedStrategy<Self> {
        let state = one_of(&["waiting", "settled", "unconcerned", "orphaned"]);
        let parts = (external(), word(), instant(), maybe(external()), state, maybe(truth()), maybe(reversal()));
        read(parts.prop_map(|(external_id, kind, occurred_at, customer_id, state, subscription, reversal)| {
            json!({
                "provider": "stripe", "external_id": external_id, "kind": kind, "occurred_at": occurred_at,
                "object": { "kind": "subscription", "id": external_id }, "customer_id": customer_id, "state": state,
                "subscription": subscription, "reversal": reversal, "body": "{\"id\": \"\\u0000\"}\n",
            })
        }))
    }
}

impl Sample for BillingCustomer {
    fn sample() -> BoxedStrategy<Self> {
        let parts = (external(), any_id::<Organization>(), number(), maybe(instant()), maybe(instant()), number());
        read(parts.prop_map(|(customer_id, tenant_id, fetch_seq, synced_at, access_changes_at, drift)| {
            json!({
                "customer_id": customer_id, "tenant_id": tenant_id, "fetch_seq": fetch_seq, "synced_at": synced_at,
                "access_changes_at": access_changes_at, "drift": drift,
            })
        }))
    }
}

impl Sample for ServicePrice {
    fn sample() -> BoxedStrategy<Self> {
        let parts = (word(), service(), word(), maybe(external()), number(), any::<bool>());
        read(parts.prop_map(|(product, service, lookup_key, price_id, amount_minor, offered)| {
            json!({
                "product": product, "service": service, "lookup_key": lookup_key, "price_id": price_id,
                "amount_minor": amount_minor, "currency": "USD", "interval": "month", "offered": offered,
                "limits": [{ "meter": "seats", "hard": amount_minor }],
            })
        }))
    }
}

impl Sample for BillingAccount {
    fn sample() -> BoxedStrategy<Self> {
        let withholding = (one_of(&["none", "read_only"]), instant(), maybe(reversal()), maybe(word()));
        let parts = (external(), number(), maybe(instant()), withholding, maybe(instant()));
        read(parts.prop_map(|(customer_id, number, trial_used_at, withholding, restored_at)| {
            let (level, since, reversal, note) = withholding;
            json!({
                "customers": [{ "customer_id": customer_id, "applied_seq": number }], "entitlement_version": number,
                "trial_used_at": trial_used_at, "plan_limits": [{ "meter": "contacts", "hard": number }],
                "withholdings": [{ "level": level, "since": since, "reversal": reversal, "note": note }],
                "access_restored_at": restored_at,
            })
        }))
    }
}

impl Sample for Subscription {
    fn sample() -> BoxedStrategy<Self> {
        let parts = (external(), external(), status(), maybe(status()), truth(), any::<bool>(), instant(), service());
        read(parts.prop_map(
            |(external_id, customer_id, status, known_status, truth, provisional, observed_at, service)| {
                json!({
                    "external_id": external_id, "customer_id": customer_id, "status": status,
                    "known_status": known_status, "truth": truth, "services": [{ "item": "si_1", "service": service }],
                    "provisional": provisional, "observed_at": observed_at,
                })
            },
        ))
    }
}

impl Sample for Invoice {
    fn sample() -> BoxedStrategy<Self> {
        let status = one_of(&["draft", "open", "paid", "void", "uncollectible", "some_future_state"]);
        let texts = (external(), external(), maybe(external()), maybe(word()), status);
        let times = (instant(), maybe(instant()), maybe(instant()), maybe(instant()));
        read((texts, times, number(), number()).prop_map(|(texts, times, amount, attempts)| {
            let (external_id, customer_id, subscription_id, number, status) = texts;
            let (issued_at, due_at, paid_at, next_payment_attempt) = times;
            json!({
                "external_id": external_id, "customer_id": customer_id, "subscription_id": subscription_id,
                "number": number, "status": status, "currency": "EUR", "total_minor": amount, "due_minor": amount,
                "paid_minor": 0, "issued_at": issued_at, "due_at": due_at, "paid_at": paid_at,
                "attempt_count": attempts, "next_payment_attempt": next_payment_attempt, "hosted_url": null,
                "pdf_url": null,
                "lines": [{ "item": "si_1", "price": null, "amount": { "minor": amount, "currency": "EUR" },
                    "description": "x", "period": null }],
            })
        }))
    }
}

impl Sample for PaymentMethod {
    fn sample() -> BoxedStrategy<Self> {
        let parts = (external(), external(), word(), maybe(word()), maybe(number()), any::<bool>());
        read(parts.prop_map(|(external_id, customer_id, kind, brand, expiry_month, is_default)| {
            json!({
                "external_id": external_id, "customer_id": customer_id, "kind": kind, "brand": brand, "last4": "4242",
                "expiry_month": expiry_month, "expiry_year": 2030, "is_default": is_default,
            })
        }))
    }
}

impl Sample for ServiceGrant {
    fn sample() -> BoxedStrategy<Self> {
        read(
            (service(), maybe(instant()), word())
                .prop_map(|(service, until, reason)| json!({ "service": service, "until": until, "reason": reason })),
        )
    }
}

impl Sample for RevenueFact {
    fn sample() -> BoxedStrategy<Self> {
        let movement = one_of(&["new", "expansion", "contraction", "churn"]);
        read((external(), movement, number(), number(), instant()).prop_map(
            |(subscription_id, movement, before_minor, after_minor, occurred_at)| {
                json!({
                    "subscription_id": subscription_id, "movement": movement, "before_minor": before_minor,
                    "after_minor": after_minor, "currency": "USD", "occurred_at": occurred_at,
                })
            },
        ))
    }
}

impl Sample for BillingNotice {
    fn sample() -> BoxedStrategy<Self> {
        let kind = one_of(&["payment_failed", "read_only", "recovered", "trial_ending"]);
        read((external(), external(), kind, 0..2_i64, instant()).prop_map(
            |(subject_id, subscription_id, kind, attempt, due_at)| {
                json!({
                    "subject_id": subject_id, "subscription_id": subscription_id, "kind": kind, "attempt": attempt,
                    "due_at": due_at,
                })
            },
        ))
    }
}

fn meter() -> BoxedStrategy<&'static str> {
    one_of(&["contacts", "messages", "emails"])
}

impl Sample for UsageCounter {
    fn sample() -> BoxedStrategy<Self> {
        read((meter(), instant(), number()).prop_map(
            |(meter, period_start, used)| json!({ "meter": meter, "period_start": period_start, "used": used }),
        ))
    }
}

impl Sample for UsageRecord {
    fn sample() -> BoxedStrategy<Self> {
        read((meter(), word(), number(), instant(), any::<bool>()).prop_map(
            |(meter, usage_key, quantity, occurred_at, reported)| {
                json!({
                    "meter": meter, "usage_key": usage_key, "quantity": quantity, "occurred_at": occurred_at,
                    "reported": reported,
                })
            },
        ))
    }
}

impl Sample for UsageLimit {
    fn sample() -> BoxedStrategy<Self> {
        let parts = (meter(), maybe(number()), maybe(number()));
        read(parts.prop_map(|(meter, soft, hard)| json!({ "meter": meter, "soft": soft, "hard": hard })))
    }
}

impl Sample for UsageWarning {
    fn sample() -> BoxedStrategy<Self> {
        read((meter(), instant(), number(), one_of(&[80, 90, 100])).prop_map(
            |(meter, period_start, limit_value, threshold)| {
                json!({
                    "meter": meter, "period_start": period_start, "limit_value": limit_value, "threshold": threshold,
                })
            },
        ))
    }
}

impl Sample for BillingCommand {
    fn sample() -> BoxedStrategy<Self> {
        let kind = one_of(&["create_customer", "open_checkout", "change_subscription"]);
        let parts = (kind, word(), external(), one_of(&["open", "done", "refused"]), maybe(external()));
        read(parts.prop_map(|(kind, subject, idempotency_key, state, result_id)| {
            json!({
                "kind": kind, "subject": subject, "request": { "kind": kind }, "idempotency_key": idempotency_key,
                "state": state, "result_id": result_id,
            })
        }))
    }
}
