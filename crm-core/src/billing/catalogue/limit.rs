//! The limits that come with what is subscribed to.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::model::Catalogue;
use crate::billing::truth::PriceTruth;
use crate::billing::usage::Meter;

/// A limit that comes with a price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PlanLimit {
    /// What is counted.
    pub meter: Meter,
    /// What is never gone beyond, for each one that is subscribed to.
    pub hard: i64,
}

impl Catalogue {
    /// The limits that come with all of these together, a meter at most once. What nothing limits is not limited.
    #[must_use]
    pub fn limits(&self, subscribed: &[(PriceTruth, u32)]) -> Vec<PlanLimit> {
        let mut sums: BTreeMap<Meter, i64> = BTreeMap::new();
        for (price, quantity) in subscribed {
            for limit in self.find(price).map(|known| known.limits.as_slice()).unwrap_or_default() {
                let sum = sums.entry(limit.meter).or_default();
                *sum = sum.saturating_add(limit.hard.saturating_mul(i64::from(*quantity)));
            }
        }
        sums.into_iter().map(|(meter, hard)| PlanLimit { meter, hard }).collect()
    }
}
