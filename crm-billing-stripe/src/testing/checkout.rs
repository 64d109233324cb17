//! Checkouts, and the subscriptions that come of them.

use serde_json::{Value as Json, json};

use super::books::Books;
use super::parameters::{entries, number, text};
use super::time::{DAY, length, list};

impl Books {
    pub(super) fn open_checkout(&mut self, asked: &Json) -> Json {
        let id = self.fresh("cs_test");
        let session = json!({
            "id": id, "object": "checkout.session", "mode": asked["mode"], "customer": asked["customer"],
            "status": "open", "payment_status": "unpaid", "subscription": null, "livemode": false,
            "client_reference_id": asked["client_reference_id"], "expires_at": self.now + DAY, "created": self.now,
            "metadata": asked["metadata"],
            "url": format!("https://checkout.example/{id}"),
            // Not Stripe's, and not looked at by anybody else: what was asked for.
            "asked": asked,
        });
        self.put(session.clone());
        session
    }

    pub(super) fn expire_checkout(&mut self, id: &str) -> (u16, Json) {
        let is_open = self.objects.get(id).is_some_and(|session| session["status"] == "open");
        if !is_open {
            let message = "Only Checkout Sessions with a status in [\"open\"] can be expired.";
            return (400, json!({"error": {"type": "invalid_request_error", "message": message}}));
        }
        self.change(id, json!({"status": "expired", "url": null}));
        self.say("checkout.session.expired", id);
        (200, self.objects.get(id).cloned().unwrap_or_default())
    }

    /// The customer pays, or begins a trial.
    pub(super) fn complete_checkout(&mut self, id: &str) {
        let Some(session) = self.objects.get(id).filter(|session| session["status"] == "open").cloned() else { return };
        let asked = &session["asked"];
        let customer = text(&asked["customer"]).to_owned();
        let trial = number(&asked["subscription_data"]["trial_period_days"]);
        let subscription = self.fresh("sub");
        let lines: Vec<Json> = entries(&asked["line_items"]).cloned().collect();
        let items: Vec<Json> = lines.iter().filter_map(|line| self.item(line, trial)).collect();
        self.put(json!({
            "id": subscription, "object": "subscription", "customer": customer, "livemode": false,
            "status": if trial.is_some() { "trialing" } else { "incomplete" },
            "created": self.now, "start_date": self.now, "items": list(&items), "latest_invoice": null,
            "cancel_at": null, "cancel_at_period_end": false, "canceled_at": null, "ended_at": null,
            "trial_start": trial.map(|_| self.now), "trial_end": trial.map(|days| self.now + days * DAY),
            "pause_collection": null, "discounts": [], "schedule": null, "pending_update": null, "metadata": {},
            "default_payment_method": if trial.is_some() { Json::Null } else { json!(format!("pm_{customer}")) },
        }));
        self.say("customer.subscription.created", &subscription);
        if let (None, Some(made)) = (trial, self.objects.get(&subscription).cloned()) {
            self.put(json!({
                "id": format!("pm_{customer}"), "object": "payment_method", "type": "card", "customer": customer,
                "created": self.now, "livemode": false,
                "card": {"brand": "visa", "last4": "4242", "exp_month": 8, "exp_year": 2030},
            }));
            self.say("payment_method.attached", &format!("pm_{customer}"));
            self.bill(&made, &items, "subscription_create");
        }
        let payment_status = match trial {
            Some(_) => "no_payment_required",
            None if self.works(&customer) => "paid",
            None => "unpaid",
        };
        let done = json!({
            "status": "complete", "payment_status": payment_status, "subscription": subscription, "url": null,
        });
        self.change(id, done);
        self.say("checkout.session.completed", id);
    }

    /// An item of a subscription, for a line of a request.
    pub(super) fn item(&mut self, line: &Json, trial: Option<i64>) -> Option<Json> {
        let price = self.objects.get(text(&line["price"]))?.clone();
        let end = self.now + trial.map_or_else(|| length(&price), |days| days * DAY);
        Some(json!({
            "id": self.fresh("si"), "object": "subscription_item", "quantity": number(&line["quantity"]).unwrap_or(1),
            "current_period_start": self.now, "current_period_end": end, "price": price,
        }))
    }
}
