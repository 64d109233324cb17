//! A reversal as it is kept in the organization, once for each event of the provider.

use serde::{Deserialize, Serialize};

use super::model::PaymentReversal;
use super::policy::ReversalEffect;
use crate::billing::external::ExternalId;
use crate::kernel::{Entity, Field, Id, Key, Part, Timestamp, Value};

/// Identifier of a kept reversal.
pub type ReversedPaymentId = Id<ReversedPayment>;

/// A reversal that the organization was told of, and what was decided about it. Never changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReversedPayment {
    /// The provider's name.
    pub provider: String,
    /// The provider's identifier of the event that told of it; kept once.
    pub event_id: ExternalId,
    /// Whose payment it was.
    pub customer_id: ExternalId,
    /// What happened.
    pub reversal: PaymentReversal,
    /// What the operator's policy answered.
    pub effect: ReversalEffect,
}

impl ReversedPayment {
    /// Orders all that an organization was told of by when it happened; no two are equal.
    pub(in crate::billing) fn order(&self) -> (Timestamp, u8, &str, &ExternalId) {
        let (occurred_at, rank) = self.reversal.order();
        (occurred_at, rank, &self.provider, &self.event_id)
    }
}

impl Entity for ReversedPayment {
    const NAME: &'static str = "reversed_payment";
    const FIELDS: &'static [Field<Self>] = &[];
    const UNIQUE: &'static [Key<Self>] = &[Key {
        name: "identity",
        columns: &["provider", "event_id"],
        read: |row| Some(vec![Value::Text(row.provider.clone()), Value::Text(row.event_id.to_string())]),
    }];
}
/// What follows from it is told by the account.
impl Part for ReversedPayment {}
