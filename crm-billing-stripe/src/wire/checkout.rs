//! Pages that Stripe opens for customers.

use serde::Deserialize;

use super::{HasId, Link};

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct CheckoutSession {
    pub(crate) id: String,
    pub(crate) url: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) payment_status: Option<String>,
    pub(crate) customer: Option<Link>,
    pub(crate) subscription: Option<Link>,
    pub(crate) expires_at: Option<i64>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct PortalSession {
    pub(crate) url: String,
}

impl HasId for CheckoutSession {
    fn id(&self) -> Option<&str> {
        Some(&self.id)
    }
}
