//! What a provider says by itself: a reason to ask for the truth, never the truth.

use serde::{Deserialize, Serialize};

use super::external::{ExternalId, GatewayIdentity, Mode};
use super::reversal::PaymentReversal;
use super::truth::SubscriptionTruth;
use crate::kernel::Timestamp;

/// What an event is about, by the provider's own name for its kind: `subscription`, `invoice`, `payment_method`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ObjectRef {
    /// The provider's name for the kind of object.
    pub kind: String,
    /// Which one; nothing for previews and summaries, which have no identifier.
    pub id: Option<ExternalId>,
}

/// An event of a provider, its signature verified, with the bytes that were signed.
///
/// A provider's adapter makes it from a request; [`super`] stores it and puts the asking for the truth on the agenda in
/// one transaction. Of its content only these few things are read, and only to find out whom to ask about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProviderEvent {
    /// The provider's name in small letters: `stripe`.
    pub provider: String,
    /// The connected account that it happened in, when the event names one.
    pub account: Option<ExternalId>,
    /// Whether money is real.
    pub mode: Mode,
    /// The provider's identifier of the event. The same identifier is the same event.
    pub id: ExternalId,
    /// What happened, in the provider's words: `customer.subscription.updated`.
    pub kind: String,
    /// When it happened, by the provider's clock; often whole seconds.
    pub occurred_at: Timestamp,
    /// What it is about, and so what is asked about when it names no customer.
    pub object: Option<ObjectRef>,
    /// Whom it concerns, when the event says so itself. A detached payment method names the customer it was taken from.
    pub customer: Option<ExternalId>,
    /// What the event itself says of a subscription. Used only while the provider can't be asked, and marked as such.
    pub subscription: Option<SubscriptionTruth>,
    /// What it tells of a payment that was taken back. This much is believed: it says what happened, not what is now.
    pub reversal: Option<PaymentReversal>,
    /// The body exactly as it was signed.
    pub body: String,
}

impl ProviderEvent {
    /// Whether it comes from the books that the gateway reads.
    #[must_use]
    pub fn is_of(&self, books: &GatewayIdentity) -> bool {
        self.provider == books.provider && self.account == books.account && self.mode == books.mode
    }
}
