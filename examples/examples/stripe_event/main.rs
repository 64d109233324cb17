//! What a Stripe event says, and what access would follow from it: for support staff who look into a customer's case.
//!
//! ```sh
//! cargo run --example stripe_event -- event.json …
//! ```
//!
//! Each file is an event as Stripe delivered it, in any shape since 2023. Printed is the subscription in it and the access
//! at the time of the event, by the default catalogue and policy. The truth is what Stripe answers now; an event only
//! says how things were.

#![expect(clippy::print_stdout, reason = "printing is what this program is for")]

use std::collections::BTreeMap;
use std::error::Error;
use std::path::PathBuf;

use clap::Parser;
use crm_billing_stripe::StripeWebhook;
use crm_core::billing::{
    AccessPolicy, Catalogue, ProviderEvent, Snapshot, Subscription, SubscriptionTruth, decide, default_prices,
};
use crm_core::kernel::Timestamp;
use serde_json::{Value as Json, json};

/// Shows what Stripe events say, and what access would follow from them.
#[derive(Parser)]
struct Arguments {
    /// Files that hold one event each.
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let catalogue = Catalogue::new(default_prices()?);
    for file in Arguments::parse().files {
        let body = std::fs::read(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        let event = StripeWebhook::stored(&body).map_err(|error| format!("{}: {error}", file.display()))?;
        let body: Json = serde_json::from_slice(&body)?;
        println!("{}", serde_json::to_string_pretty(&shown(&event, &body, &catalogue))?);
    }
    Ok(())
}

fn shown(event: &ProviderEvent, body: &Json, catalogue: &Catalogue) -> Json {
    let mut shown = vec![
        ("id", json!(event.id)),
        ("type", json!(event.kind)),
        // As Stripe writes it: seconds in an event with its object, an instant in one without.
        ("created", body.get("created").cloned().unwrap_or_default()),
        // An event that only points at its object carries none.
        ("object", body.pointer("/data/object/object").cloned().unwrap_or_default()),
    ];
    if let Some(truth) = &event.subscription {
        shown.push(("normalized", projection(truth, catalogue)));
        shown.push(("access_at_event", json!(access(truth, catalogue, event.occurred_at))));
    }
    shown.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn projection(truth: &SubscriptionTruth, catalogue: &Catalogue) -> Json {
    let items: Vec<_> = truth
        .items
        .iter()
        .map(|item| {
            json!({
                "item": item.id, "price": item.price.id, "lookup_key": item.price.lookup_key,
                "module": catalogue.find(&item.price).map(|price| price.service.word()), "quantity": item.quantity,
                "period_start": item.period.map(|period| seconds(period.start)),
                "period_end": item.period.map(|period| seconds(period.end)),
            })
        })
        .collect();
    json!({
        "subscription": truth.id, "customer": truth.customer, "status": truth.status, "items": items,
        "cancel_scheduled": truth.is_cancel_scheduled(), "ends_at": truth.ends_at().map(seconds),
        "trial_end": truth.trial.map(|trial| seconds(trial.end)),
        "collection_paused": truth.collection_pause.is_some(),
    })
}

/// What the subscription alone would open at an instant, by the default policy.
fn access(truth: &SubscriptionTruth, catalogue: &Catalogue, at: Timestamp) -> BTreeMap<&'static str, &'static str> {
    let subscription = Subscription {
        external_id: truth.id.clone(),
        customer_id: truth.customer.clone(),
        status: truth.status.clone(),
        known_status: None,
        services: catalogue.resolve(&truth.items).0,
        truth: truth.clone(),
        provisional: true,
        observed_at: at,
    };
    let services: Vec<_> = subscription.services.iter().map(|item| item.service).collect();
    let snapshot = Snapshot { subscriptions: vec![subscription], ..Snapshot::default() };
    let decision = decide(&snapshot, &AccessPolicy::default(), at);
    services.into_iter().map(|service| (service.word(), decision.level(service).as_str())).collect()
}

fn seconds(time: Timestamp) -> i64 {
    time.micros().div_euclid(1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Stripe's own samples lie beside the project; where they do not, nothing is compared.
    const SAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/stripe/events");

    #[test]
    fn every_sample_is_shown_as_the_index_has_it() {
        let Ok(index) = std::fs::read(format!("{SAMPLES}/INDEX.json")) else {
            eprintln!("skipped: ../shared/stripe/events is not there");
            return;
        };
        let index: Json = serde_json::from_slice(&index).unwrap();
        let catalogue = Catalogue::new(default_prices().unwrap());
        let events = index["events"].as_array().unwrap();
        for expected in events {
            let file = expected["file"].as_str().unwrap();
            let body = std::fs::read(format!("{SAMPLES}/{file}")).unwrap();
            let json = serde_json::from_slice(&body).unwrap();
            let shown = shown(&StripeWebhook::stored(&body).unwrap(), &json, &catalogue);
            for field in ["id", "type", "created", "object", "normalized", "access_at_event"] {
                if let Some(expected) = expected.get(field) {
                    assert_eq!(&shown[field], expected, "{file}: {field}");
                }
            }
        }
        assert_eq!(events.len(), 55);
    }
}
