//! Changes to subscriptions, and what they would cost.

use crm_core::billing::truth::SubscriptionTruth;
use crm_core::billing::{Cancellation, ChangePreview, ChangeWhen, ItemChange, SubscriptionChange};
use crm_core::kernel::{Currency, Money};
use serde_json::{Value as Json, json};

use super::object::WITH;
use super::step;
use crate::client::{Answer, Call, StripeClient, StripeError, id};
use crate::money::from_stripe;
use crate::{reading, wire};

/// Items as Stripe wants them. One that is there must be named, or Stripe adds another.
fn items(changes: &[ItemChange]) -> Json {
    let item = |change: &ItemChange| match change {
        ItemChange::Add { price, quantity } => json!({"price": price.as_str(), "quantity": quantity}),
        ItemChange::Replace { item, price, quantity } => {
            json!({"id": item.as_str(), "price": price.as_str(), "quantity": quantity})
        }
        ItemChange::Remove { item } => json!({"id": item.as_str(), "deleted": true}),
    };
    changes.iter().map(item).collect()
}

impl StripeClient {
    pub(super) async fn change_subscription(
        &self,
        change: &SubscriptionChange,
        key: &str,
    ) -> Answer<SubscriptionTruth> {
        let how = match change.when {
            ChangeWhen::AtPeriodEnd => return self.change_later(change, key).await,
            ChangeWhen::NowOnNextInvoice => json!({"proration_behavior": "create_prorations"}),
            ChangeWhen::Now { prorate_from } => json!({
                "proration_behavior": "always_invoice",
                "proration_date": prorate_from.map(reading::seconds),
                // Nothing is granted before it is paid: until then the change is pending and the items are the old ones.
                "payment_behavior": "pending_if_incomplete",
            }),
        };
        let path = format!("/v1/subscriptions/{}", id(change.subscription.as_str())?);
        let mut parameters = json!({"items": items(&change.items), "expand": WITH});
        if let (Json::Object(parameters), Json::Object(how)) = (&mut parameters, how) {
            parameters.extend(how);
        }
        let changed = self.send(&Call::post(path, parameters, key).payment()).await?;
        self.completed(changed).await
    }

    pub(super) async fn preview_change(&self, change: &SubscriptionChange) -> Answer<ChangePreview> {
        let (behavior, prorate_from) = match change.when {
            ChangeWhen::Now { prorate_from } => ("always_invoice", prorate_from),
            ChangeWhen::NowOnNextInvoice => ("create_prorations", None),
            ChangeWhen::AtPeriodEnd => ("none", None),
        };
        let parameters = json!({
            "customer": id(change.customer.as_str())?,
            "subscription": id(change.subscription.as_str())?,
            "subscription_details": {
                "items": items(&change.items),
                "proration_behavior": behavior,
                "proration_date": prorate_from.map(reading::seconds),
            },
        });
        let preview: wire::Invoice = self.send(&Call::ask("/v1/invoices/create_preview", parameters)).await?;
        let due = due(&preview)?;
        let prorations = preview.lines.data.iter().filter(|line| line.is_proration());
        let reckoned_from = prorations.filter_map(|line| line.period?.start).min().map(reading::time);
        Ok(ChangePreview {
            due: if matches!(change.when, ChangeWhen::Now { .. }) { due } else { Money::zero(due.currency()) },
            lines: preview.lines.data.iter().filter_map(|line| reading::preview_line(&preview, line)).collect(),
            prorated_from: prorate_from.or(reckoned_from),
        })
    }

    pub(super) async fn cancel_subscription(
        &self,
        subscription: &str,
        cancellation: Cancellation,
        key: &str,
    ) -> Answer<SubscriptionTruth> {
        let path = format!("/v1/subscriptions/{}", id(subscription)?);
        if cancellation == Cancellation::Now {
            let ended = self.send(&Call::delete(path, json!({"expand": WITH}))).await?;
            return self.completed(ended).await;
        }
        let before = self.subscription(subscription).await?;
        let end = match cancellation {
            Cancellation::Never if before.cancel_at_period_end => {
                json!({"cancel_at_period_end": false, "expand": WITH})
            }
            // The portal cancels by an instant alone; the empty text clears it.
            Cancellation::Never if before.cancel_at.is_some() => json!({"cancel_at": "", "expand": WITH}),
            Cancellation::Never => return Ok(before),
            _ => json!({"cancel_at_period_end": true, "expand": WITH}),
        };
        if let Some(schedule) = &before.schedule {
            // While a plan of changes holds the subscription, Stripe lets nothing else end it.
            self.release(schedule.as_str(), &step(key, "release")).await?;
        }
        let changed = self.send(&Call::post(path, end, key)).await?;
        self.completed(changed).await
    }
}

fn due(preview: &wire::Invoice) -> Answer<Money> {
    let read = preview.amount_due.zip(preview.currency.as_deref().and_then(|code| Currency::parse(code).ok()));
    read.and_then(|(amount, currency)| from_stripe(amount, currency).ok())
        .ok_or_else(|| StripeError::Garbage { status: 200, reason: "the preview names no amount".to_owned() })
}
