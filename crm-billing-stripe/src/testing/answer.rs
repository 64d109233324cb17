//! What the stand-in answers to each operation.

use serde_json::{Value as Json, json};

use super::books::Books;
use super::parameters::{entries, number, text};
use super::server::Request;
use super::time::{items, list};

impl Books {
    pub(super) fn answer(&mut self, request: &Request) -> (u16, Json) {
        let asked = &request.parameters;
        let path: Vec<&str> = request.path.trim_start_matches("/v1/").split('/').collect();
        match (request.method.as_str(), path.as_slice()) {
            ("POST", ["customers"]) => {
                let id = self.fresh("cus");
                self.put(json!({
                    "id": id, "object": "customer", "name": asked["name"], "email": asked["email"], "livemode": false,
                    "metadata": asked["metadata"], "created": self.now,
                    "invoice_settings": {"default_payment_method": null},
                }));
                self.found(&id, asked)
            }
            ("GET", ["customers", customer, "payment_methods"]) => {
                (200, self.page("payment_method", asked, |method| method["customer"] == **customer))
            }
            ("GET", ["customers"]) => (200, self.page("customer", asked, |it| is_of(it, asked))),
            ("GET", ["checkout", "sessions"]) => (200, self.page("checkout.session", asked, |it| is_of(it, asked))),
            ("POST", ["checkout", "sessions"]) => (200, self.open_checkout(asked)),
            ("POST", ["checkout", "sessions", id, "expire"]) => self.expire_checkout(id),
            ("POST", ["billing_portal", "sessions"]) => {
                let url = format!("https://portal.example/{}", text(&asked["customer"]));
                (200, json!({"id": self.fresh("bps"), "object": "billing_portal.session", "url": url}))
            }
            ("GET", ["subscriptions"]) => {
                (200, self.page("subscription", asked, |it| it["customer"] == asked["customer"]))
            }
            ("POST", ["subscriptions", id]) => self.change_subscription(id, asked),
            ("DELETE", ["subscriptions", id]) => {
                self.end(id);
                self.found(id, asked)
            }
            ("POST", ["invoices", "create_preview"]) => self.preview(asked),
            ("GET", ["invoices"]) => (
                200,
                self.page("invoice", asked, |invoice| {
                    let of = |name: &str, value: &Json| asked[name].is_null() || asked[name] == *value;
                    of("customer", &invoice["customer"])
                        && of("status", &invoice["status"])
                        && of("subscription", &invoice["parent"]["subscription_details"]["subscription"])
                }),
            ),
            ("GET", ["prices"]) => (200, self.page("price", asked, |price| price["active"] == true)),
            ("GET", ["events"]) => (200, self.undelivered(asked)),
            ("POST", ["billing", "meter_events"]) => {
                let event =
                    json!({"object": "billing.meter_event", "identifier": asked["identifier"], "livemode": false});
                (200, event)
            }
            (
                "GET",
                ["customers" | "subscriptions" | "invoices" | "payment_methods" | "charges", id]
                | ["checkout", "sessions", id],
            ) => self.found(id, asked),
            _ => (404, refusal("the stand-in does not know this operation")),
        }
    }

    fn found(&self, id: &str, asked: &Json) -> (u16, Json) {
        match self.objects.get(id) {
            Some(object) => (200, self.expanded(object.clone(), asked)),
            None => (
                404,
                json!({"error": {
                    "type": "invalid_request_error", "code": "resource_missing", "message": format!("No such object: '{id}'"),
                }}),
            ),
        }
    }

    fn expanded(&self, mut object: Json, asked: &Json) -> Json {
        let wanted = entries(&asked["expand"]).any(|path| text(path).ends_with("latest_invoice"));
        if let Some(invoice) = self.objects.get(text(&object["latest_invoice"])).filter(|_| wanted) {
            object["latest_invoice"] = invoice.clone();
        }
        object
    }

    /// A page of a list, the newest first.
    fn page(&self, kind: &str, asked: &Json, is_wanted: impl Fn(&Json) -> bool) -> Json {
        self.cut(self.all(kind, is_wanted), asked)
    }

    fn cut(&self, all: Vec<Json>, asked: &Json) -> Json {
        let limit = number(&asked["limit"]).and_then(|limit| usize::try_from(limit).ok()).unwrap_or(10);
        let after = all.iter().position(|object| object["id"] == asked["starting_after"]).map_or(0, |last| last + 1);
        let rest: Vec<Json> = all.into_iter().skip(after).collect();
        let has_more = rest.len() > limit;
        let data: Vec<Json> = rest.into_iter().take(limit).map(|object| self.expanded(object, asked)).collect();
        json!({"object": "list", "has_more": has_more, "data": data})
    }

    fn undelivered(&self, asked: &Json) -> Json {
        let since = number(&asked["created"]["gte"]).unwrap_or(0);
        let lost = self.events.iter().rev().filter(|happened| !happened.delivered);
        let late = lost.filter(|happened| number(&happened.event["created"]) >= Some(since));
        self.cut(late.map(|happened| happened.event.clone()).collect(), asked)
    }

    /// The items that stay as they are, and those that are new or changed.
    fn items_after(&mut self, before: &Json, changes: &Json) -> (Vec<Json>, Vec<Json>) {
        let (mut kept, mut new) = (items(before), Vec::new());
        for change in entries(changes) {
            let Some(known) = kept.iter().position(|item| item["id"] == change["id"]) else {
                new.extend(self.item(change, None));
                continue;
            };
            let was = kept.remove(known);
            if change["deleted"] != "true"
                && let Some(mut item) = self.item(change, None)
            {
                item["id"] = was["id"].clone();
                new.push(item);
            }
        }
        (kept, new)
    }

    /// What a change would cost: the difference, for the whole period.
    fn preview(&mut self, asked: &Json) -> (u16, Json) {
        let Some(before) = self.objects.get(text(&asked["subscription"])).cloned() else {
            return self.found(text(&asked["subscription"]), asked);
        };
        let (kept, new) = self.items_after(&before, &asked["subscription_details"]["items"]);
        let due = cost(&kept) + cost(&new) - cost(&items(&before));
        let line = json!({"id": "il_preview", "object": "line_item", "amount": due, "currency": "usd",
            "description": "the difference", "period": {"start": self.now, "end": self.now}});
        let preview = json!({
            "id": format!("upcoming_in_{}", self.now), "object": "invoice", "livemode": false, "currency": "usd",
            "status": "draft", "amount_due": due.max(0), "total": due, "lines": list(&[line]),
        });
        (200, preview)
    }

    fn change_subscription(&mut self, id: &str, asked: &Json) -> (u16, Json) {
        let Some(before) = self.objects.get(id).cloned() else { return self.found(id, asked) };
        if before["status"] == "canceled" {
            return (400, refusal("A canceled subscription can only update its cancellation_details and metadata."));
        }
        if let Some(word) = asked["cancel_at_period_end"].as_str() {
            let ends = word == "true";
            let end = items(&before).iter().filter_map(|item| number(&item["current_period_end"])).max();
            self.change(id, json!({"cancel_at_period_end": ends, "cancel_at": end.filter(|_| ends)}));
        }
        if asked["cancel_at"] == "" {
            self.change(id, json!({"cancel_at": null}));
        }
        let (mut kept, new) = self.items_after(&before, &asked["items"]);
        if !new.is_empty() && !self.works(text(&before["customer"])) {
            // Not paid, so not granted: the items stay as they were.
            self.change(id, json!({"pending_update": {"expires_at": self.now + 86_400}}));
        } else if asked["items"].is_object() {
            kept.extend(new.iter().cloned());
            self.change(id, json!({"items": list(&kept), "pending_update": null}));
            if !new.is_empty() {
                self.bill(&before, &new, "subscription_update");
            }
        }
        self.say("customer.subscription.updated", id);
        self.found(id, asked)
    }
}

fn cost(items: &[Json]) -> i64 {
    let of = |item: &Json| number(&item["price"]["unit_amount"]).unwrap_or(0) * number(&item["quantity"]).unwrap_or(1);
    items.iter().map(of).sum()
}

/// Whether an object was made when it is asked for, and belongs to whom it is asked for.
fn is_of(object: &Json, asked: &Json) -> bool {
    let made = number(&object["created"]);
    let (from, to) = (number(&asked["created"]["gte"]), number(&asked["created"]["lte"]));
    let whose = asked["customer"].is_null() || asked["customer"] == object["customer"];
    whose && from.is_none_or(|from| made >= Some(from)) && to.is_none_or(|to| made <= Some(to))
}

fn refusal(message: &str) -> Json {
    json!({"error": {"type": "invalid_request_error", "message": message}})
}
