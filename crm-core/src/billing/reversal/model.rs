//! What a provider tells of a payment that was taken back.

use serde::{Deserialize, Serialize};

use crate::billing::external::ExternalId;
use crate::kernel::{Money, Timestamp};

/// How a payment was taken back, or came back.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum ReversalKind {
    /// The operator gave it back, all or part of it.
    Refund,
    /// Whoever paid disputes it at the bank.
    DisputeOpened,
    /// The dispute ended for the operator: the payment stands.
    DisputeWon,
    /// The dispute ended against the operator: the payment is gone.
    DisputeLost,
    /// A word that we do not know.
    Other(String),
}

impl ReversalKind {
    /// The name in JSON and in stores.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Refund => "refund",
            Self::DisputeOpened => "dispute_opened",
            Self::DisputeWon => "dispute_won",
            Self::DisputeLost => "dispute_lost",
            Self::Other(word) => word,
        }
    }

    /// Whether it tells of a dispute, from its opening to its end.
    #[must_use]
    pub const fn is_dispute(&self) -> bool {
        matches!(self, Self::DisputeOpened | Self::DisputeWon | Self::DisputeLost)
    }

    /// Its place among what happened in the same second: an end comes after what it ends.
    const fn rank(&self) -> u8 {
        match self {
            Self::Refund | Self::Other(_) => 0,
            Self::DisputeOpened => 1,
            Self::DisputeWon | Self::DisputeLost => 2,
        }
    }
}

impl From<String> for ReversalKind {
    fn from(word: String) -> Self {
        match word.as_str() {
            "refund" => Self::Refund,
            "dispute_opened" => Self::DisputeOpened,
            "dispute_won" => Self::DisputeWon,
            "dispute_lost" => Self::DisputeLost,
            _ => Self::Other(word),
        }
    }
}
impl From<ReversalKind> for String {
    fn from(kind: ReversalKind) -> Self {
        match kind {
            ReversalKind::Other(word) => word,
            known => known.as_str().to_owned(),
        }
    }
}

/// A payment that was taken back or came back, as an event of the provider tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentReversal {
    /// What happened.
    pub kind: ReversalKind,
    /// The provider's identifier of the payment.
    pub charge: Option<ExternalId>,
    /// How much of it: of refunds all that was given back so far, of a dispute what is disputed.
    pub amount: Option<Money>,
    /// How much was paid, where the event says so: less than that is given back by a partial refund.
    pub charged: Option<Money>,
    /// Why, in the provider's words: `fraudulent`, `requested_by_customer`.
    pub reason: Option<String>,
    /// When it happened, by the provider's clock; often whole seconds.
    pub occurred_at: Timestamp,
}

impl PaymentReversal {
    /// Orders what happened by the provider's time, and within an instant an end after what it ends.
    pub(super) fn order(&self) -> (Timestamp, u8) {
        (self.occurred_at, self.kind.rank())
    }

    /// What it belongs to: refunds of a payment are one matter, disputes of it another.
    pub(super) fn matter(&self) -> (bool, Option<&ExternalId>) {
        (self.kind.is_dispute(), self.charge.as_ref())
    }
}
