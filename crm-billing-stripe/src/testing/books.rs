//! What the stand-in keeps, and what happens to it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::{Value as Json, json};

use super::Trouble;
use super::parameters::{number, text};

/// Something that happened.
#[derive(Debug)]
pub(super) struct Happened {
    pub(super) event: Json,
    pub(super) delivered: bool,
}

#[derive(Debug)]
pub(super) struct Books {
    pub(super) now: i64,
    made: u64,
    /// Everything with an identifier, in the shape in which it is answered.
    pub(super) objects: BTreeMap<String, Json>,
    pub(super) events: Vec<Happened>,
    /// What was answered to each idempotency key, and to what.
    pub(super) keys: HashMap<String, (String, (u16, Json))>,
    pub(super) broken_cards: BTreeSet<String>,
    pub(super) trouble: (Trouble, u32),
    pub(super) requests: usize,
}

impl Books {
    pub(super) fn new(now: i64) -> Self {
        Self {
            now,
            made: 0,
            objects: BTreeMap::new(),
            events: Vec::new(),
            keys: HashMap::new(),
            broken_cards: BTreeSet::new(),
            trouble: (Trouble::None, 0),
            requests: 0,
        }
    }

    /// A fresh identifier; later ones sort later.
    pub(super) fn fresh(&mut self, prefix: &str) -> String {
        self.made += 1;
        format!("{prefix}_fake{:08}", self.made)
    }

    pub(super) fn put(&mut self, object: Json) {
        let id = text(&object["id"]).to_owned();
        self.objects.insert(id, object);
    }

    /// All objects of a kind for which `is_wanted`, the newest first, as Stripe lists them.
    pub(super) fn all(&self, kind: &str, is_wanted: impl Fn(&Json) -> bool) -> Vec<Json> {
        self.objects.values().rev().filter(|object| object["object"] == kind && is_wanted(object)).cloned().collect()
    }

    /// Says that something happened to an object, as it is now.
    pub(super) fn say(&mut self, kind: &str, id: &str) {
        let Some(object) = self.objects.get(id).cloned() else { return };
        let event = json!({
            "id": self.fresh("evt"), "object": "event", "api_version": crate::API_VERSION, "created": self.now,
            "livemode": false, "type": kind, "pending_webhooks": 1, "data": {"object": object},
        });
        self.events.push(Happened { event, delivered: false });
    }

    pub(super) fn add_price(&mut self, lookup_key: &str, interval: &str, amount: i64) -> String {
        let id = self.fresh("price");
        self.put(json!({
            "id": id, "object": "price", "active": true, "currency": "usd", "unit_amount": amount, "type": "recurring",
            "lookup_key": lookup_key, "livemode": false, "product": format!("prod_{lookup_key}"), "metadata": {},
            "recurring": {"interval": interval, "interval_count": 1, "usage_type": "licensed"},
        }));
        id
    }

    pub(super) fn set_card(&mut self, customer: &str, works: bool) {
        if works {
            self.broken_cards.remove(customer);
            let open = self.all("invoice", |invoice| invoice["customer"] == customer && invoice["status"] == "open");
            for invoice in open {
                self.pay(text(&invoice["id"]));
            }
        } else {
            self.broken_cards.insert(customer.to_owned());
        }
    }

    pub(super) fn works(&self, customer: &str) -> bool {
        !self.broken_cards.contains(customer)
    }

    /// An invoice over these items; paid when the card works, else open.
    pub(super) fn bill(&mut self, subscription: &Json, items: &[Json], reason: &str) -> bool {
        let (id, customer) = (self.fresh("in"), text(&subscription["customer"]).to_owned());
        let lines: Vec<Json> = items
            .iter()
            .map(|item| {
                let amount =
                    number(&item["price"]["unit_amount"]).unwrap_or(0) * number(&item["quantity"]).unwrap_or(1);
                json!({
                    "id": format!("il_{id}_{}", text(&item["id"])), "object": "line_item", "amount": amount,
                    "currency": "usd", "description": item["price"]["lookup_key"],
                    "period": {"start": item["current_period_start"], "end": item["current_period_end"]},
                    "parent": {"type": "subscription_item_details", "subscription_item_details": {
                        "subscription": subscription["id"], "subscription_item": item["id"], "proration": false}},
                    "pricing": {"type": "price_details", "price_details": {"price": item["price"]["id"]}},
                })
            })
            .collect();
        let total: i64 = lines.iter().filter_map(|line| number(&line["amount"])).sum();
        let works = self.works(&customer) || total == 0;
        self.put(json!({
            "id": id, "object": "invoice", "customer": customer, "currency": "usd", "status": "open", "livemode": false,
            "parent": {"type": "subscription_details", "subscription_details": {"subscription": subscription["id"]}},
            "total": total, "amount_due": total, "amount_paid": 0, "created": self.now, "effective_at": self.now,
            "billing_reason": reason, "attempt_count": 1, "next_payment_attempt": self.now + 3 * 86_400,
            "number": format!("FAKE-{id}"), "auto_advance": true, "status_transitions": {"paid_at": null},
            "hosted_invoice_url": format!("https://invoice.example/{id}"), "invoice_pdf": null,
            "lines": {"object": "list", "has_more": false, "data": lines},
        }));
        self.change(text(&subscription["id"]), json!({"latest_invoice": id}));
        if works {
            self.pay(&id);
        } else {
            self.say("invoice.payment_failed", &id);
        }
        works
    }

    /// Pays an invoice, and so brings its subscription back.
    pub(super) fn pay(&mut self, invoice: &str) {
        let Some(before) = self.objects.get(invoice).cloned() else { return };
        let paid = json!({
            "status": "paid", "amount_paid": before["amount_due"], "next_payment_attempt": null,
            "status_transitions": {"paid_at": self.now},
        });
        self.change(invoice, paid);
        self.say("invoice.paid", invoice);
        let subscription = text(&before["parent"]["subscription_details"]["subscription"]).to_owned();
        let waits = self
            .objects
            .get(&subscription)
            .is_some_and(|it| it["status"] == "past_due" || it["status"] == "incomplete");
        if waits {
            self.change(&subscription, json!({"status": "active"}));
            self.say("customer.subscription.updated", &subscription);
        }
    }

    /// Writes fields over those of an object.
    pub(super) fn change(&mut self, id: &str, fields: Json) {
        if let (Some(Json::Object(object)), Json::Object(fields)) = (self.objects.get_mut(id), fields) {
            object.extend(fields);
        }
    }
}
