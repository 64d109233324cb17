//! Prices.

use std::collections::BTreeMap;

use crm_core::billing::truth::{Interval, PriceTruth};
use serde_json::Value as Json;

use super::{count, external, externals, money};
use crate::client::Answer;
use crate::wire::{Price, Reference};

/// Under this name, a product's or a price's metadata say which service it is.
const SERVICE: &str = "service_module";

pub(crate) fn price(price: Price) -> Answer<PriceTruth> {
    let product = externals(price.product.as_ref().and_then(Reference::id))?;
    let of_product = price.product.and_then(Reference::expanded).and_then(|product| product.metadata);
    let service = |metadata: Option<BTreeMap<String, Json>>| metadata?.get(SERVICE)?.as_str().map(str::to_owned);
    let recurring = price.recurring.as_ref();
    let interval = recurring.and_then(|recurring| recurring.interval.as_deref()).and_then(|word| match word {
        "day" => Some(Interval::Day),
        "week" => Some(Interval::Week),
        "month" => Some(Interval::Month),
        "year" => Some(Interval::Year),
        _ => None,
    });
    Ok(PriceTruth {
        id: external(&price.id)?,
        lookup_key: price.lookup_key,
        product,
        service: service(of_product).or_else(|| service(price.metadata)),
        unit_amount: money(price.unit_amount, price.currency.as_deref()),
        interval,
        interval_count: count(recurring.and_then(|recurring| recurring.interval_count)).max(1),
        metered: recurring.is_some_and(|recurring| recurring.usage_type.as_deref() == Some("metered")),
        active: price.active.unwrap_or(false),
    })
}
