//! One request as data: what is asked, under which key, and how long it may take.

use reqwest::Method;
use serde_json::Value as Json;

use super::{Answer, StripeError};

/// A request to Stripe.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) parameters: Json,
    /// Kept by the caller before the first attempt; the same for every attempt.
    pub(crate) key: Option<String>,
    pub(crate) is_payment: bool,
}

impl Call {
    /// Reads.
    pub(crate) fn get(path: impl Into<String>, parameters: Json) -> Self {
        Self { method: Method::GET, path: path.into(), parameters, key: None, is_payment: false }
    }

    /// Changes something, once for each key.
    pub(crate) fn post(path: impl Into<String>, parameters: Json, key: &str) -> Self {
        Self { method: Method::POST, path: path.into(), parameters, key: Some(key.to_owned()), is_payment: false }
    }

    /// Reads by a form; nothing is changed, so it needs no key.
    pub(crate) fn ask(path: impl Into<String>, parameters: Json) -> Self {
        Self { method: Method::POST, path: path.into(), parameters, key: None, is_payment: false }
    }

    /// Removes; doing so twice is harmless.
    pub(crate) fn delete(path: impl Into<String>, parameters: Json) -> Self {
        Self { method: Method::DELETE, path: path.into(), parameters, key: None, is_payment: false }
    }

    /// The same, with the patience that banks need.
    pub(crate) fn payment(mut self) -> Self {
        self.is_payment = true;
        self
    }
}

/// An identifier as a part of a path. What could lead elsewhere is refused before anything is sent.
pub(crate) fn id(raw: &str) -> Answer<&str> {
    let fits = (1..=255).contains(&raw.len()) && raw.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if fits { Ok(raw) } else { Err(StripeError::NotAnId(raw.chars().filter(|c| !c.is_control()).take(60).collect())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_cannot_lead_elsewhere() {
        assert_eq!(id("cus_TenantAcme0001").unwrap(), "cus_TenantAcme0001");
        for raw in
            ["", "cus_1/../../v1/refunds", "cus_1?x=1", "cus 1", "..", "cus_1#", "cus_%2e", "ü", &"a".repeat(256)]
        {
            assert!(matches!(id(raw), Err(StripeError::NotAnId(_))), "{raw:?}");
        }
    }
}
