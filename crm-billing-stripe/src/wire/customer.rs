//! Customers, what they pay with, and charges.

use serde::Deserialize;

use super::{HasId, Link};

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Customer {
    pub(crate) id: String,
    /// A deleted customer has this and its identifier, and nothing else.
    #[serde(default)]
    pub(crate) deleted: bool,
    pub(crate) invoice_settings: Option<InvoiceSettings>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct InvoiceSettings {
    pub(crate) default_payment_method: Option<Link>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct PaymentMethod {
    pub(crate) id: String,
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
    pub(crate) customer: Option<Link>,
    pub(crate) created: Option<i64>,
    pub(crate) card: Option<Card>,
    pub(crate) sepa_debit: Option<BankDebit>,
    pub(crate) us_bank_account: Option<BankDebit>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Card {
    pub(crate) brand: Option<String>,
    pub(crate) last4: Option<String>,
    pub(crate) exp_month: Option<i64>,
    pub(crate) exp_year: Option<i64>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct BankDebit {
    pub(crate) last4: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Charge {
    pub(crate) customer: Option<Link>,
}

impl HasId for Customer {
    fn id(&self) -> Option<&str> {
        Some(&self.id)
    }
}
impl HasId for PaymentMethod {
    fn id(&self) -> Option<&str> {
        Some(&self.id)
    }
}
