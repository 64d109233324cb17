//! What the provider is asked to do.

use serde::{Deserialize, Serialize};

use super::external::{ExternalId, IdempotencyKey};
use crate::access::OrganizationId;
use crate::kernel::{EmailAddress, Money, Timestamp};

/// A customer to be made for an organization.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NewCustomer {
    /// Whose customer it will be; written into the provider's record for people to find it, and never read back.
    pub organization: OrganizationId,
    /// Name on invoices.
    pub name: String,
    /// Where invoices are sent.
    pub email: Option<EmailAddress>,
}

/// A price and how many of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckoutLine {
    /// The provider's price.
    pub price: ExternalId,
    /// How many, from 1; nothing for a metered price.
    pub quantity: Option<u32>,
}

/// A page to be opened where the customer subscribes and pays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckoutRequest {
    /// Who pays.
    pub customer: ExternalId,
    /// What for.
    pub lines: Vec<CheckoutLine>,
    /// Days before the first payment, when there is a trial. A trial that ends without a card pauses.
    pub trial_days: Option<u32>,
    /// Where the browser goes afterwards.
    pub success_url: String,
    /// Where it goes when the customer turns back.
    pub cancel_url: String,
    /// Our name of the request; written into the provider's record for people to find it, and never read back.
    pub reference: String,
}

/// A page to be opened where the customer manages payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PortalRequest {
    /// Whose.
    pub customer: ExternalId,
    /// Where the browser goes afterwards.
    pub return_url: String,
}

/// A change to one item of a subscription.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ItemChange {
    /// A new item.
    Add {
        /// Its price.
        price: ExternalId,
        /// How many, from 1.
        quantity: u32,
    },
    /// Another price or quantity for an item that is there.
    Replace {
        /// The item. Without naming it, a provider would add another.
        item: ExternalId,
        /// Its price from now on.
        price: ExternalId,
        /// How many, from 1.
        quantity: u32,
    },
    /// The item goes.
    Remove {
        /// The item.
        item: ExternalId,
    },
}

/// When a change takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ChangeWhen {
    /// At once, with the difference invoiced at once; granted when it is paid.
    Now {
        /// The instant from which differences are reckoned, the same in preview and change; the present when not given.
        prorate_from: Option<Timestamp>,
    },
    /// At once, with the difference on the next invoice; for what changes often, such as seats.
    NowOnNextInvoice,
    /// At the end of the period that is paid.
    AtPeriodEnd,
}

/// A change to a subscription.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubscriptionChange {
    /// Whose subscription it is.
    pub customer: ExternalId,
    /// Which.
    pub subscription: ExternalId,
    /// What changes; items that are not named stay as they are.
    pub items: Vec<ItemChange>,
    /// When.
    pub when: ChangeWhen,
}

/// What a change would cost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChangePreview {
    /// What would be due at once.
    pub due: Money,
    /// What it is made of.
    pub lines: Vec<PreviewLine>,
    /// The instant from which differences were reckoned; give it to the change, so that it costs the same.
    pub prorated_from: Option<Timestamp>,
}

/// A line of a preview.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PreviewLine {
    /// What it is for, in the provider's words.
    pub description: String,
    /// The amount; below zero for what is given back.
    pub amount: Money,
}

/// How a subscription is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Cancellation {
    /// At once.
    Now,
    /// With the period that is paid.
    AtPeriodEnd,
    /// Not at all: a scheduled end is taken back.
    Never,
}

/// What a command was to make.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SoughtEffect {
    /// A customer.
    Customer,
    /// A page where a customer subscribes.
    Checkout {
        /// Whose.
        customer: ExternalId,
    },
}

/// A command whose answer never came, and whose key the provider no longer knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LostCommand {
    /// Its key, which the provider keeps with what it made.
    pub key: IdempotencyKey,
    /// When it was sent first, or a little before.
    pub sent_at: Timestamp,
    /// What it was to make.
    pub effect: SoughtEffect,
}

/// Usage of a metered price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeterEvent {
    /// Our name of the record. The same name counts once.
    pub identifier: ExternalId,
    /// The provider's name of the meter.
    pub meter: String,
    /// Whose usage.
    pub customer: ExternalId,
    /// How much.
    pub value: i64,
    /// When. Providers take it up to 35 days late and 5 minutes early.
    pub occurred_at: Timestamp,
}
