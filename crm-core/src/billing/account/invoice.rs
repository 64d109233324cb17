//! Invoices and payment methods, as they were fetched last.

use serde::{Deserialize, Serialize};

use crate::billing::external::ExternalId;
use crate::billing::truth::{InvoiceLine, InvoiceStatus, InvoiceTruth, PaymentMethodTruth};
use crate::kernel::{Column, Currency, DomainEvent, Entity, Field, Id, Key, Money, Timestamp, Value, ValueRef};

/// Identifier of an invoice record.
pub type InvoiceId = Id<Invoice>;
/// Identifier of a payment method record.
pub type PaymentMethodId = Id<PaymentMethod>;

/// An invoice as it was fetched last. Amounts are whole minor units of its currency.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Invoice {
    /// The provider's identifier.
    pub external_id: ExternalId,
    /// Who pays.
    pub customer_id: ExternalId,
    /// The provider's identifier of the subscription; nothing for a single sale.
    pub subscription_id: Option<ExternalId>,
    /// Its number, once it is final.
    pub number: Option<String>,
    /// Its state.
    pub status: InvoiceStatus,
    /// The currency of all its amounts.
    pub currency: Currency,
    /// What it amounts to.
    pub total_minor: i64,
    /// What was to be paid.
    pub due_minor: i64,
    /// What has been paid.
    pub paid_minor: i64,
    /// When it took effect, or was made.
    pub issued_at: Timestamp,
    /// Until when it is to be paid, where a day was set.
    pub due_at: Option<Timestamp>,
    /// When it was paid.
    pub paid_at: Option<Timestamp>,
    /// How often payment was tried.
    pub attempt_count: i64,
    /// When payment is tried next.
    pub next_payment_attempt: Option<Timestamp>,
    /// Where the customer sees and pays it.
    pub hosted_url: Option<String>,
    /// Where it can be had as a document.
    pub pdf_url: Option<String>,
    /// Its lines.
    pub lines: Vec<InvoiceLine>,
}

impl Invoice {
    /// The provider's identifier.
    pub const EXTERNAL_ID: Column<Self, String> =
        Column::required_key("external_id", |row| ValueRef::Text(row.external_id.as_str()));
    /// Its state.
    pub const STATUS: Column<Self, String> = Column::required("status", |row| ValueRef::Text(row.status.as_str()));
    /// When it took effect, or was made.
    pub const ISSUED_AT: Column<Self, Timestamp> =
        Column::required_indexed("issued_at", |row| ValueRef::Time(row.issued_at));

    /// The record of an invoice; nothing when it names no customer.
    #[must_use]
    pub fn of(truth: InvoiceTruth) -> Option<Self> {
        let customer_id = truth.customer?;
        Some(Self {
            external_id: truth.id,
            customer_id,
            subscription_id: truth.subscription,
            number: truth.number,
            status: truth.status,
            currency: truth.total.currency(),
            total_minor: truth.total.minor(),
            due_minor: truth.amount_due.minor(),
            paid_minor: truth.amount_paid.minor(),
            issued_at: truth.effective_at.unwrap_or(truth.created_at),
            due_at: truth.due_at,
            paid_at: truth.paid_at,
            attempt_count: i64::from(truth.attempt_count),
            next_payment_attempt: truth.next_payment_attempt,
            hosted_url: truth.hosted_url,
            pdf_url: truth.pdf_url,
            lines: truth.lines.into_iter().map(printable).collect(),
        })
    }

    /// What it amounts to.
    #[must_use]
    pub const fn total(&self) -> Money {
        Money::new(self.total_minor, self.currency)
    }
    /// What has been paid.
    #[must_use]
    pub const fn paid(&self) -> Money {
        Money::new(self.paid_minor, self.currency)
    }
}

/// The line without characters that no store keeps.
fn printable(mut line: InvoiceLine) -> InvoiceLine {
    line.description = line.description.map(|text| text.chars().filter(|c| !c.is_control()).take(500).collect());
    line
}

impl Entity for Invoice {
    const NAME: &'static str = "invoice";
    const FIELDS: &'static [Field<Self>] = &[Self::EXTERNAL_ID.field(), Self::STATUS.field(), Self::ISSUED_AT.field()];
    const UNIQUE: &'static [Key<Self>] = &[Key {
        name: "external_id",
        columns: &["external_id"],
        read: |row| Some(vec![Value::Text(row.external_id.to_string())]),
    }];
}

/// What an organization pays with. Never a whole number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PaymentMethod {
    /// The provider's identifier.
    pub external_id: ExternalId,
    /// Whose it is.
    pub customer_id: ExternalId,
    /// What sort it is, in the provider's words.
    pub kind: String,
    /// Whose card it is.
    pub brand: Option<String>,
    /// The last four digits.
    pub last4: Option<String>,
    /// The month in which it expires, 1 to 12.
    pub expiry_month: Option<i64>,
    /// The year in which it expires.
    pub expiry_year: Option<i64>,
    /// Whether invoices are paid with it. At most one of a customer is.
    pub is_default: bool,
}

impl PaymentMethod {
    /// The provider's identifier.
    pub const EXTERNAL_ID: Column<Self, String> =
        Column::required_key("external_id", |row| ValueRef::Text(row.external_id.as_str()));

    /// The record of a payment method of a customer.
    #[must_use]
    pub fn of(truth: PaymentMethodTruth, customer_id: ExternalId, default: Option<&ExternalId>) -> Self {
        Self {
            is_default: default == Some(&truth.id),
            external_id: truth.id,
            customer_id,
            kind: truth.kind,
            brand: truth.brand,
            last4: truth.last4,
            expiry_month: truth.expiry_month.map(i64::from),
            expiry_year: truth.expiry_year.map(i64::from),
        }
    }
}

impl Entity for PaymentMethod {
    const NAME: &'static str = "payment_method";
    const FIELDS: &'static [Field<Self>] = &[Self::EXTERNAL_ID.field()];
    const UNIQUE: &'static [Key<Self>] = &[Key {
        name: "external_id",
        columns: &["external_id"],
        read: |row| Some(vec![Value::Text(row.external_id.to_string())]),
    }];
}

/// What happens to invoices.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum InvoiceEvent {
    /// It was seen for the first time.
    Appeared {
        /// Its state.
        status: InvoiceStatus,
        /// What it amounts to.
        total: Money,
        /// What has been paid.
        paid: Money,
    },
    /// It is not as it was.
    Changed {
        /// The state before.
        from: InvoiceStatus,
        /// The state now.
        status: InvoiceStatus,
        /// What has been paid.
        paid: Money,
    },
}

impl DomainEvent for InvoiceEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Appeared { .. } => "invoice.appeared",
            Self::Changed { .. } => "invoice.changed",
        }
    }
}

/// What happens to payment methods.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentMethodEvent {
    /// It was seen for the first time.
    Added,
    /// It is not as it was, or is the default now or no more.
    Changed,
    /// It was taken off.
    Removed,
}

impl DomainEvent for PaymentMethodEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Added => "payment_method.added",
            Self::Changed => "payment_method.changed",
            Self::Removed => "payment_method.removed",
        }
    }
}
