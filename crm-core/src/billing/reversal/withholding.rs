//! What is withheld, and how it follows from what was taken back. Pure.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::model::PaymentReversal;
use super::policy::{ReversalEffect, WithheldLevel};
use super::record::ReversedPayment;
use crate::kernel::Timestamp;
use crate::kernel::text::Name;

/// A reason for which no paid service is open beyond a level. Several hold at once; the strictest counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withholding {
    /// What stays open.
    pub level: WithheldLevel,
    /// Since when, by the clock of whoever caused it: the provider's, or ours.
    pub since: Timestamp,
    /// The reversal that it follows from; nothing when the operator withholds by hand.
    pub reversal: Option<PaymentReversal>,
    /// What the operator wrote, when it was done by hand.
    pub note: Option<Name>,
}

/// What is withheld for what was taken back, whatever order it was told in.
///
/// Of each matter (the refunds of one payment, the disputes of it) that counts which happened last and was not answered
/// with [`ReversalEffect::Keep`]. What happened up to `restored_at`, when the operator gave everything back, counts for
/// nothing, even when it is told later.
#[must_use]
pub fn withheld_for<'r>(
    told: impl IntoIterator<Item = &'r ReversedPayment>,
    restored_at: Option<Timestamp>,
) -> Vec<Withholding> {
    let counts = |one: &&ReversedPayment| restored_at.is_none_or(|restored| one.reversal.occurred_at > restored);
    let mut told: Vec<_> = told.into_iter().filter(counts).collect();
    told.sort_by_key(|one| one.order());
    let mut withheld: BTreeMap<_, Withholding> = BTreeMap::new();
    for ReversedPayment { reversal, effect, .. } in told {
        let matter = reversal.matter();
        match *effect {
            ReversalEffect::Keep => {}
            ReversalEffect::Restore => {
                withheld.remove(&matter);
            }
            ReversalEffect::Withhold(level) => {
                let since = withheld.get(&matter).map_or(reversal.occurred_at, |earlier| earlier.since);
                withheld.insert(matter, Withholding { level, since, reversal: Some(reversal.clone()), note: None });
            }
        }
    }
    withheld.into_values().collect()
}
