//! What time alone brings about.

use serde_json::{Value as Json, json};

use super::books::Books;
use super::parameters::{number, text};

pub(super) const DAY: i64 = 86_400;

/// How long a price's interval is, with months of 30 days.
pub(super) fn length(price: &Json) -> i64 {
    if price["recurring"]["interval"] == "year" { 365 * DAY } else { 30 * DAY }
}

/// The items of a subscription.
pub(super) fn items(subscription: &Json) -> Vec<Json> {
    subscription["items"]["data"].as_array().cloned().unwrap_or_default()
}

pub(super) fn list(data: &[Json]) -> Json {
    json!({"object": "list", "has_more": false, "data": data})
}

impl Books {
    /// Turns the clock forwards, stopping at each instant at which something happens.
    pub(super) fn advance_to(&mut self, until: i64) {
        while let Some((at, subscription)) = self.next_due().filter(|(at, _)| *at <= until) {
            self.now = self.now.max(at);
            self.come_due(&subscription);
        }
        self.now = self.now.max(until);
    }

    /// The subscription that something happens to first, and when.
    fn next_due(&self) -> Option<(i64, String)> {
        let live = |subscription: &Json| {
            ["active", "trialing", "past_due"].iter().any(|status| subscription["status"] == **status)
        };
        let due = self.all("subscription", live).into_iter().filter_map(|subscription| {
            let periods = items(&subscription);
            let ends = periods.iter().filter_map(|item| number(&item["current_period_end"])).min();
            let at = number(&subscription["cancel_at"]).into_iter().chain(ends).min()?;
            Some((at, text(&subscription["id"]).to_owned()))
        });
        due.min()
    }

    fn come_due(&mut self, id: &str) {
        let Some(subscription) = self.objects.get(id).cloned() else { return };
        let customer = text(&subscription["customer"]).to_owned();
        let ends = subscription["cancel_at_period_end"] == true
            || number(&subscription["cancel_at"]).is_some_and(|at| at <= self.now);
        if ends {
            self.end(id);
            return;
        }
        let has_card = subscription["default_payment_method"].is_string();
        if subscription["status"] == "trialing" && !has_card {
            self.change(id, json!({"status": "paused"}));
            self.say("customer.subscription.paused", id);
            return;
        }
        let mut due = Vec::new();
        let renewed: Vec<Json> = items(&subscription)
            .into_iter()
            .map(|mut item| {
                if let Some(end) = number(&item["current_period_end"]).filter(|end| *end <= self.now) {
                    item["current_period_start"] = json!(end);
                    item["current_period_end"] = json!(end + length(&item["price"]));
                    due.push(item.clone());
                }
                item
            })
            .collect();
        let status = if self.works(&customer) { "active" } else { "past_due" };
        self.change(id, json!({"items": list(&renewed), "status": status}));
        self.bill(&subscription, &due, "subscription_cycle");
        self.say("customer.subscription.updated", id);
    }

    /// Ends a subscription now.
    pub(super) fn end(&mut self, id: &str) {
        self.change(id, json!({"status": "canceled", "ended_at": self.now, "canceled_at": self.now}));
        self.say("customer.subscription.deleted", id);
    }
}
