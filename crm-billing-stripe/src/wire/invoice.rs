//! Invoices. Their link to a subscription, and their lines' to items and prices, moved with basil.

use serde::Deserialize;

use super::price::Price;
use super::{HasId, Link, List, Reference, linked};

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Invoice {
    /// Previews have none, or one that can't be asked for.
    pub(crate) id: Option<String>,
    pub(crate) customer: Option<Link>,
    pub(crate) parent: Option<InvoiceParent>,
    /// Before basil.
    pub(crate) subscription: Option<Link>,
    pub(crate) number: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) currency: Option<String>,
    pub(crate) total: Option<i64>,
    pub(crate) amount_due: Option<i64>,
    pub(crate) amount_paid: Option<i64>,
    pub(crate) created: Option<i64>,
    pub(crate) effective_at: Option<i64>,
    pub(crate) due_date: Option<i64>,
    pub(crate) status_transitions: Option<StatusTransitions>,
    pub(crate) attempt_count: Option<i64>,
    pub(crate) next_payment_attempt: Option<i64>,
    pub(crate) auto_advance: Option<bool>,
    #[serde(rename = "hosted_invoice_url")]
    pub(crate) hosted_url: Option<String>,
    #[serde(rename = "invoice_pdf")]
    pub(crate) pdf: Option<String>,
    #[serde(default)]
    pub(crate) lines: List<Line>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct InvoiceParent {
    pub(crate) subscription_details: Option<SubscriptionDetails>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct SubscriptionDetails {
    pub(crate) subscription: Option<Link>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct StatusTransitions {
    pub(crate) paid_at: Option<i64>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Line {
    pub(crate) id: Option<String>,
    pub(crate) amount: Option<i64>,
    pub(crate) currency: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) period: Option<LinePeriod>,
    pub(crate) parent: Option<LineParent>,
    pub(crate) pricing: Option<Pricing>,
    /// Before basil.
    pub(crate) subscription_item: Option<Link>,
    /// Before basil.
    pub(crate) price: Option<Reference<Price>>,
    /// Before basil.
    pub(crate) proration: Option<bool>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct LinePeriod {
    pub(crate) start: Option<i64>,
    pub(crate) end: Option<i64>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct LineParent {
    pub(crate) subscription_item_details: Option<ItemDetails>,
    pub(crate) invoice_item_details: Option<ItemDetails>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct ItemDetails {
    pub(crate) subscription_item: Option<Link>,
    pub(crate) proration: Option<bool>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Pricing {
    pub(crate) price_details: Option<PriceDetails>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct PriceDetails {
    pub(crate) price: Option<Link>,
}

impl Invoice {
    /// The subscription that it is for; nothing for a single sale.
    pub(crate) fn subscription(&self) -> Option<&str> {
        let details = self.parent.as_ref().and_then(|parent| parent.subscription_details.as_ref());
        linked(details.and_then(|details| details.subscription.as_ref())).or_else(|| linked(self.subscription.as_ref()))
    }
}

impl Line {
    fn details(&self) -> impl Iterator<Item = &ItemDetails> {
        let parent = self.parent.as_ref();
        let of_item = parent.and_then(|parent| parent.subscription_item_details.as_ref());
        of_item.into_iter().chain(parent.and_then(|parent| parent.invoice_item_details.as_ref()))
    }

    /// The item of the subscription that it is for.
    pub(crate) fn item(&self) -> Option<&str> {
        self.details()
            .find_map(|details| linked(details.subscription_item.as_ref()))
            .or_else(|| linked(self.subscription_item.as_ref()))
    }

    /// The price that it is for.
    pub(crate) fn price(&self) -> Option<&str> {
        let details = self.pricing.as_ref().and_then(|pricing| pricing.price_details.as_ref());
        linked(details.and_then(|details| details.price.as_ref()))
            .or_else(|| self.price.as_ref().and_then(Reference::id))
    }

    /// Whether it settles the difference of a change.
    pub(crate) fn is_proration(&self) -> bool {
        self.details().find_map(|details| details.proration).or(self.proration).unwrap_or(false)
    }
}

impl HasId for Invoice {
    fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }
}
impl HasId for Line {
    fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }
}
