//! Invoices.

use serde::{Deserialize, Serialize};

use super::price::Period;
use crate::billing::external::ExternalId;
use crate::kernel::{Money, Timestamp};

/// The state of an invoice.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum InvoiceStatus {
    /// Can still change.
    Draft,
    /// Waits for payment.
    Open,
    /// Paid. Also what an invoice over nothing is, such as that of a trial.
    Paid,
    /// Declared wrong.
    Void,
    /// Given up.
    Uncollectible,
    /// A word that we do not know.
    Other(String),
}

impl InvoiceStatus {
    /// The name in JSON and in stores.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Draft => "draft",
            Self::Open => "open",
            Self::Paid => "paid",
            Self::Void => "void",
            Self::Uncollectible => "uncollectible",
            Self::Other(word) => word,
        }
    }
}
impl From<String> for InvoiceStatus {
    fn from(word: String) -> Self {
        match word.as_str() {
            "draft" => Self::Draft,
            "open" => Self::Open,
            "paid" => Self::Paid,
            "void" => Self::Void,
            "uncollectible" => Self::Uncollectible,
            _ => Self::Other(word),
        }
    }
}
impl From<InvoiceStatus> for String {
    fn from(status: InvoiceStatus) -> Self {
        match status {
            InvoiceStatus::Other(word) => word,
            known => known.as_str().to_owned(),
        }
    }
}

/// A line of an invoice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InvoiceLine {
    /// The item of the subscription that it is for, when the provider names it.
    pub item: Option<ExternalId>,
    /// The price that it is for, when the provider names it.
    pub price: Option<ExternalId>,
    /// The amount; below zero for what is given back.
    pub amount: Money,
    /// What it is for, in the provider's words.
    pub description: Option<String>,
    /// The time that it is for.
    pub period: Option<Period>,
}

/// An invoice as the provider holds it now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InvoiceTruth {
    /// The provider's identifier.
    pub id: ExternalId,
    /// Who pays.
    pub customer: Option<ExternalId>,
    /// The subscription that it is for; nothing for a single sale.
    pub subscription: Option<ExternalId>,
    /// Its number, once it is final.
    pub number: Option<String>,
    /// Its state.
    pub status: InvoiceStatus,
    /// What it amounts to.
    pub total: Money,
    /// What was to be paid.
    pub amount_due: Money,
    /// What has been paid.
    pub amount_paid: Money,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it took effect, once it is final.
    pub effective_at: Option<Timestamp>,
    /// Until when it is to be paid, where a day was set.
    pub due_at: Option<Timestamp>,
    /// When it was paid.
    pub paid_at: Option<Timestamp>,
    /// How often payment was tried.
    pub attempt_count: u32,
    /// When payment is tried next; nothing when it is not.
    pub next_payment_attempt: Option<Timestamp>,
    /// Where the customer sees and pays it.
    pub hosted_url: Option<String>,
    /// Where it can be had as a document.
    pub pdf_url: Option<String>,
    /// Its lines.
    pub lines: Vec<InvoiceLine>,
}

#[cfg(feature = "openapi")]
impl utoipa::__dev::ComposeSchema for InvoiceStatus {
    fn compose(
        _: Vec<utoipa::openapi::RefOr<utoipa::openapi::schema::Schema>>,
    ) -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        crate::kernel::openapi::text("State of an invoice in the provider's words; further ones may come.", "paid")
            .into()
    }
}
#[cfg(feature = "openapi")]
impl utoipa::ToSchema for InvoiceStatus {}
