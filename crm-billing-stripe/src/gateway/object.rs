//! The truth: objects as they are at Stripe now.

use crm_core::billing::truth::{CustomerTruth, InvoiceTruth, PaymentMethodTruth, PriceTruth, SubscriptionTruth};
use crm_core::billing::{ExternalId, MeterEvent, NewCustomer, ObjectRef, ProviderEvent};
use crm_core::kernel::Timestamp;
use serde_json::{Value as Json, json};

use super::lost::COMMAND;
use super::step;
use crate::client::{Answer, Call, StripeClient, StripeError, id};
use crate::reading;
use crate::webhook::provider_event;
use crate::wire::{self, Reference, linked};

/// What a subscription is asked for with; four levels deep, which is the most that Stripe allows.
pub(super) const WITH: [&str; 2] = ["latest_invoice", "discounts.source.coupon"];

impl StripeClient {
    pub(super) async fn create_customer(&self, new: &NewCustomer, key: &str) -> Answer<CustomerTruth> {
        let parameters = json!({
            "name": new.name,
            "email": new.email.as_ref().map(ToString::to_string),
            "metadata": {"organization": new.organization.to_string(), COMMAND: key},
        });
        reading::customer(&self.send(&Call::post("/v1/customers", parameters, key)).await?)
    }

    pub(super) async fn customer(&self, customer: &str) -> Answer<CustomerTruth> {
        let path = format!("/v1/customers/{}", id(customer)?);
        reading::customer(&self.send(&Call::get(path, json!({}))).await?)
    }

    /// Whom an object belongs to, by asking for it.
    pub(super) async fn customer_of(&self, object: &ObjectRef) -> Answer<Option<ExternalId>> {
        let Some(known) = &object.id else { return Ok(None) };
        let get = |kind: &str| Ok(Call::get(format!("/v1/{kind}/{}", id(known.as_str())?), json!({})));
        let link = match object.kind.as_str() {
            "customer" => return Ok(Some(known.clone())),
            "subscription" => Some(self.send::<wire::Subscription>(&get("subscriptions")?).await?.customer),
            "invoice" => self.send::<wire::Invoice>(&get("invoices")?).await?.customer,
            "payment_method" => self.send::<wire::PaymentMethod>(&get("payment_methods")?).await?.customer,
            "checkout.session" => self.send::<wire::CheckoutSession>(&get("checkout/sessions")?).await?.customer,
            "charge" => self.send::<wire::Charge>(&get("charges")?).await?.customer,
            _ => None,
        };
        linked(link.as_ref()).map(reading::external).transpose()
    }

    pub(super) async fn subscriptions(&self, customer: &str) -> Answer<Vec<SubscriptionTruth>> {
        let parameters = json!({
            "customer": id(customer)?,
            // Without this word, ended ones are left out.
            "status": "all",
            "expand": WITH.map(|path| format!("data.{path}")),
        });
        let found: Vec<wire::Subscription> = self.all("/v1/subscriptions", parameters).await?;
        let mut truths = Vec::with_capacity(found.len());
        for subscription in found {
            truths.push(self.completed(subscription).await?);
        }
        Ok(truths)
    }

    pub(super) async fn subscription(&self, subscription: &str) -> Answer<SubscriptionTruth> {
        let path = format!("/v1/subscriptions/{}", id(subscription)?);
        self.completed(self.send(&Call::get(path, json!({"expand": WITH}))).await?).await
    }

    /// The subscription with all its items, and its latest invoice with all its lines.
    pub(super) async fn completed(&self, mut subscription: wire::Subscription) -> Answer<SubscriptionTruth> {
        if subscription.items.has_more {
            let known = std::mem::take(&mut subscription.items.data);
            let parameters = json!({"subscription": subscription.id});
            subscription.items.data = self.rest("/v1/subscription_items", parameters, known).await?;
        }
        if let Some(Reference::Expanded(latest)) = &mut subscription.latest_invoice {
            self.complete_lines(latest).await?;
        }
        reading::subscription(subscription)
    }

    async fn complete_lines(&self, invoice: &mut wire::Invoice) -> Answer<()> {
        if let (true, Some(known)) = (invoice.lines.has_more, &invoice.id) {
            let path = format!("/v1/invoices/{}/lines", id(known)?);
            invoice.lines.data = self.rest(&path, json!({}), std::mem::take(&mut invoice.lines.data)).await?;
        }
        Ok(())
    }

    pub(super) async fn invoices(&self, customer: &str) -> Answer<Vec<InvoiceTruth>> {
        let found: Vec<wire::Invoice> = self.all("/v1/invoices", json!({"customer": id(customer)?})).await?;
        let mut truths = Vec::with_capacity(found.len());
        for mut invoice in found {
            self.complete_lines(&mut invoice).await?;
            truths.extend(reading::invoice(invoice)?);
        }
        Ok(truths)
    }

    pub(super) async fn payment_methods(&self, customer: &str) -> Answer<Vec<PaymentMethodTruth>> {
        let path = format!("/v1/customers/{}/payment_methods", id(customer)?);
        let found: Vec<wire::PaymentMethod> = self.all(&path, json!({})).await?;
        found.into_iter().map(reading::payment_method).collect()
    }

    pub(super) async fn prices(&self) -> Answer<Vec<PriceTruth>> {
        let parameters = json!({"active": true, "type": "recurring", "expand": ["data.product"]});
        let found: Vec<wire::Price> = self.all("/v1/prices", parameters).await?;
        found.into_iter().map(reading::price).collect()
    }

    /// Finalises the drafts that Stripe would leave lying: those that it does not advance by itself.
    pub(super) async fn finalise_drafts(&self, subscription: &str) -> Answer<usize> {
        let parameters = json!({"subscription": id(subscription)?, "status": "draft"});
        let drafts: Vec<wire::Invoice> = self.all("/v1/invoices", parameters).await?;
        let mut finalised = 0;
        for draft in drafts.iter().filter(|draft| draft.auto_advance != Some(true)) {
            let Some(draft) = &draft.id else { continue };
            // A draft is finalised once, whoever asks; so the key is the draft's.
            let path = format!("/v1/invoices/{}/finalize", id(draft)?);
            let call = Call::post(path, json!({"auto_advance": true}), &step(draft, "finalise"));
            self.send::<wire::Invoice>(&call).await?;
            finalised += 1;
        }
        Ok(finalised)
    }

    pub(super) async fn record_usage(&self, event: &MeterEvent) -> Answer<()> {
        let parameters = json!({
            "event_name": event.meter,
            "identifier": event.identifier.as_str(),
            "timestamp": reading::seconds(event.occurred_at),
            "payload": {"stripe_customer_id": event.customer.as_str(), "value": event.value.to_string()},
        });
        let call = Call::post("/v1/billing/meter_events", parameters, &step(event.identifier.as_str(), "usage"));
        self.send::<Json>(&call).await.map(|_| ())
    }

    pub(super) async fn undelivered_events(&self, since: Timestamp) -> Answer<Vec<ProviderEvent>> {
        let parameters = json!({"delivery_success": false, "created": {"gte": reading::seconds(since)}});
        let found: Vec<Json> = self.all("/v1/events", parameters).await?;
        let unreadable = |reason: String| StripeError::Garbage { status: 200, reason };
        let read = |event: Json| {
            let body = event.to_string();
            let event: wire::Event =
                serde_json::from_value(event).map_err(|_| unreadable("an event does not fit".to_owned()))?;
            provider_event(&event, body).map_err(|error| unreadable(error.to_string()))
        };
        // Stripe gives the newest first.
        found.into_iter().rev().map(read).collect()
    }
}
