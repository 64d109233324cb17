//! Prices and their products.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value as Json;

use super::{HasId, Reference};

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Price {
    pub(crate) id: String,
    pub(crate) lookup_key: Option<String>,
    pub(crate) product: Option<Reference<Product>>,
    pub(crate) metadata: Option<BTreeMap<String, Json>>,
    pub(crate) currency: Option<String>,
    pub(crate) unit_amount: Option<i64>,
    pub(crate) recurring: Option<Recurring>,
    pub(crate) active: Option<bool>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Recurring {
    pub(crate) interval: Option<String>,
    pub(crate) interval_count: Option<i64>,
    pub(crate) usage_type: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Product {
    pub(crate) id: String,
    pub(crate) metadata: Option<BTreeMap<String, Json>>,
}

impl HasId for Price {
    fn id(&self) -> Option<&str> {
        Some(&self.id)
    }
}
impl HasId for Product {
    fn id(&self) -> Option<&str> {
        Some(&self.id)
    }
}
