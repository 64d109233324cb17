//! The hook: what the operator makes of a payment that was taken back.

use serde::{Deserialize, Serialize};

use super::model::PaymentReversal;
use crate::paywall::Level;

/// How much of what is paid for stays open while access is withheld.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum WithheldLevel {
    /// Nothing.
    None,
    /// What is there may be seen and taken out.
    ReadOnly,
}

impl WithheldLevel {
    /// The name in JSON and in stores.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.level().as_str()
    }

    /// The same as a level of access.
    #[must_use]
    pub const fn level(self) -> Level {
        match self {
            Self::None => Level::None,
            Self::ReadOnly => Level::ReadOnly,
        }
    }
}

impl From<String> for WithheldLevel {
    /// A word that we do not know opens nothing.
    fn from(word: String) -> Self {
        if word == Self::ReadOnly.as_str() { Self::ReadOnly } else { Self::None }
    }
}
impl From<WithheldLevel> for String {
    fn from(level: WithheldLevel) -> Self {
        level.as_str().to_owned()
    }
}

/// What follows from a reversal for access.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum ReversalEffect {
    /// Nothing.
    Keep,
    /// No paid service is open beyond this level from now on.
    Withhold(WithheldLevel),
    /// What was withheld for the same matter (the refunds of this payment, or the disputes of it) is given back.
    Restore,
}

impl ReversalEffect {
    /// The name in JSON and in stores: `keep`, `restore`, or the level that is left.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Withhold(level) => level.as_str(),
            Self::Restore => "restore",
        }
    }
}

impl From<String> for ReversalEffect {
    /// A word that we do not know withholds: it must not open what another version has closed.
    fn from(word: String) -> Self {
        match word.as_str() {
            "keep" => Self::Keep,
            "restore" => Self::Restore,
            _ => Self::Withhold(word.into()),
        }
    }
}
impl From<ReversalEffect> for String {
    fn from(effect: ReversalEffect) -> Self {
        effect.as_str().to_owned()
    }
}

/// Decides what a payment that was taken back means for access.
///
/// It is asked once for each event of the provider, and its answer is kept. It is given the reversal alone, and must
/// answer from that alone: events come in any order, and what follows from all of them must not depend on it.
///
/// ```
/// use crm_core::billing::{Billing, PaymentReversal, ReversalEffect, ReversalKind, ReversalPolicy, WithheldLevel};
///
/// /// Whoever disputes a payment may look until that is settled; whoever wins the dispute has nothing more.
/// struct Careful;
///
/// impl ReversalPolicy for Careful {
///     fn effect(&self, reversal: &PaymentReversal) -> ReversalEffect {
///         match reversal.kind {
///             ReversalKind::DisputeOpened => ReversalEffect::Withhold(WithheldLevel::ReadOnly),
///             ReversalKind::DisputeLost => ReversalEffect::Withhold(WithheldLevel::None),
///             ReversalKind::DisputeWon => ReversalEffect::Restore,
///             ReversalKind::Refund | ReversalKind::Other(_) => ReversalEffect::Keep,
///         }
///     }
/// }
///
/// fn careful(billing: Billing) -> Billing {
///     billing.with_reversal_policy(Careful)
/// }
/// ```
pub trait ReversalPolicy: Send + Sync {
    /// What follows from a reversal. The same reversal must always be answered in the same way.
    fn effect(&self, reversal: &PaymentReversal) -> ReversalEffect;
}

/// Leaves access as it is, whatever is taken back: what holds unless the operator says otherwise.
#[derive(Clone, Copy, Debug, Default)]
pub struct KeepAccess;

impl ReversalPolicy for KeepAccess {
    fn effect(&self, _: &PaymentReversal) -> ReversalEffect {
        ReversalEffect::Keep
    }
}
