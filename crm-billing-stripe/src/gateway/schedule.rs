//! Changes at the end of a period, by Stripe's plans of coming changes.
//!
//! A plan has two phases: what is there until the paid period ends, then what was asked for. After that Stripe lets the
//! subscription go its own way again. A plan that exists already is rewritten.

use crm_core::billing::truth::{Interval, ItemTruth, SubscriptionTruth};
use crm_core::billing::{Cancellation, ItemChange, SubscriptionChange};
use serde_json::{Value as Json, json};

use super::step;
use crate::client::{Answer, Call, StripeClient, StripeError, id};
use crate::wire::{Schedule, linked};

impl StripeClient {
    pub(super) async fn change_later(&self, change: &SubscriptionChange, key: &str) -> Answer<SubscriptionTruth> {
        let before = self.subscription(change.subscription.as_str()).await?;
        let after = items_after(&before.items, &change.items);
        if after.is_empty() {
            return self.cancel_subscription(before.id.as_str(), Cancellation::AtPeriodEnd, key).await;
        }
        let plan = match &before.schedule {
            Some(known) => Call::get(schedule_path(known.as_str())?, json!({})),
            None => Call::post(
                "/v1/subscription_schedules",
                json!({"from_subscription": before.id.as_str()}),
                &step(key, "schedule"),
            ),
        };
        let schedule: Schedule = self.send(&plan).await?;
        let Some(now) = schedule.current_phase else {
            return Err(StripeError::Garbage { status: 200, reason: "the schedule has no current phase".to_owned() });
        };
        let parameters = json!({
            "end_behavior": "release",
            "proration_behavior": "none",
            "phases": [
                {"start_date": now.start_date, "end_date": now.end_date, "items": current_items(&schedule, &before)},
                {"items": after, "duration": duration(&before.items), "proration_behavior": "none"},
            ],
        });
        self.send::<Schedule>(&Call::post(schedule_path(&schedule.id)?, parameters, &step(key, "phases"))).await?;
        self.subscription(before.id.as_str()).await
    }

    /// Lets a subscription go its own way, without the changes that were planned for it.
    pub(super) async fn release(&self, schedule: &str, key: &str) -> Answer<()> {
        let path = format!("{}/release", schedule_path(schedule)?);
        self.send::<Schedule>(&Call::post(path, json!({}), key)).await.map(|_| ())
    }
}

fn schedule_path(schedule: &str) -> Answer<String> {
    Ok(format!("/v1/subscription_schedules/{}", id(schedule)?))
}

/// The items of the current phase as the plan has them, else as the subscription has them.
fn current_items(schedule: &Schedule, before: &SubscriptionTruth) -> Vec<Json> {
    let now = schedule.current_phase.map(|phase| phase.start_date);
    let phase = schedule.phases.iter().find(|phase| Some(phase.start_date) == now && !phase.items.is_empty());
    match phase {
        Some(phase) => phase
            .items
            .iter()
            .map(|item| json!({"price": linked(Some(&item.price)), "quantity": item.quantity}))
            .collect(),
        None => before.items.iter().map(planned).collect(),
    }
}

fn items_after(before: &[ItemTruth], changes: &[ItemChange]) -> Vec<Json> {
    let kept = before.iter().filter_map(|item| {
        let change = changes.iter().find(|change| match change {
            ItemChange::Replace { item: named, .. } | ItemChange::Remove { item: named } => *named == item.id,
            ItemChange::Add { .. } => false,
        });
        match change {
            Some(ItemChange::Replace { price, quantity, .. }) => {
                Some(json!({"price": price.as_str(), "quantity": quantity}))
            }
            Some(_) => None,
            None => Some(planned(item)),
        }
    });
    let added = changes.iter().filter_map(|change| match change {
        ItemChange::Add { price, quantity } => Some(json!({"price": price.as_str(), "quantity": quantity})),
        _ => None,
    });
    kept.chain(added).collect()
}

fn planned(item: &ItemTruth) -> Json {
    // Metered prices are not counted beforehand.
    let quantity = (!item.price.metered).then_some(item.quantity);
    json!({"price": item.price.id.as_str(), "quantity": quantity})
}

/// One period of the first item; afterwards the plan ends and the subscription goes on.
fn duration(items: &[ItemTruth]) -> Json {
    let first = items.first().map(|item| &item.price);
    let interval = match first.and_then(|price| price.interval) {
        Some(Interval::Day) => "day",
        Some(Interval::Week) => "week",
        Some(Interval::Year) => "year",
        Some(Interval::Month) | None => "month",
    };
    json!({"interval": interval, "interval_count": first.map_or(1, |price| price.interval_count)})
}
