//! Customers, what they pay with, and the pages that are opened for them.

use serde::{Deserialize, Serialize};

use crate::billing::external::ExternalId;
use crate::kernel::Timestamp;

/// A customer as the provider holds it now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerTruth {
    /// The provider's identifier.
    pub id: ExternalId,
    /// Whether it was deleted there. Its subscriptions have ended then.
    pub deleted: bool,
    /// What invoices are paid with, unless a subscription says otherwise.
    pub default_payment_method: Option<ExternalId>,
}

/// A payment method as the provider holds it now. Never a whole number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentMethodTruth {
    /// The provider's identifier.
    pub id: ExternalId,
    /// What sort it is, in the provider's words: `card`, `sepa_debit`.
    pub kind: String,
    /// Whose card it is: `visa`.
    pub brand: Option<String>,
    /// The last four digits.
    pub last4: Option<String>,
    /// The month in which it expires, 1 to 12.
    pub expiry_month: Option<u32>,
    /// The year in which it expires.
    pub expiry_year: Option<u32>,
    /// When it was made.
    pub created_at: Option<Timestamp>,
}

/// What became of a checkout.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CheckoutStatus {
    /// It can still be completed.
    Open,
    /// The customer went through it. Payment may still be under way.
    Complete,
    /// It can no longer be completed.
    Expired,
    /// A word that we do not know.
    Other(String),
}

/// Whether a checkout has been paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CheckoutPayment {
    /// Paid.
    Paid,
    /// Not paid, or not yet. Never access.
    Unpaid,
    /// Nothing is due, as in a trial.
    NothingDue,
    /// A word that we do not know.
    Other(String),
}

/// A page where the customer subscribes and pays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CheckoutSession {
    /// The provider's identifier.
    pub id: ExternalId,
    /// Where the browser is to be sent; nothing when it is no longer open.
    pub url: Option<String>,
    /// What became of it.
    pub status: CheckoutStatus,
    /// Whether it has been paid.
    pub payment: CheckoutPayment,
    /// Who pays.
    pub customer: Option<ExternalId>,
    /// The subscription that came of it.
    pub subscription: Option<ExternalId>,
    /// Until when it can be completed.
    pub expires_at: Option<Timestamp>,
}

/// A page where the customer manages payment. Its address is good for minutes and is never stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortalSession {
    /// Where the browser is to be sent.
    pub url: String,
}
