//! What Stripe says by itself.
//!
//! A host hands in the raw bytes and the `Stripe-Signature` header; [`StripeWebhook::read`] checks that Stripe wrote them
//! and answers with the event, for the domain to store and to look into. Nothing of the payload is taken for the truth:
//! of it are read only what happened, to which object, whom it concerns, and that a payment was taken back. Events of
//! unknown kinds are events.
//!
//! Refused: what Stripe did not sign, what it signed too long ago, and what is no event.

mod event;
mod reversal;
mod signature;

use std::time::Duration;

use crm_core::billing::ProviderEvent;
use crm_core::kernel::{Kind, Rule, Timestamp};

pub use signature::{LONGEST_BODY, SignatureError, WebhookSecrets, signature_header};

pub(crate) use event::provider_event;

/// How long a signature is good for.
const TOLERANCE: Duration = Duration::from_mins(5);

/// Why a webhook was refused. For logs; answer the sender with [`WebhookError::ANSWER`] and nothing else.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebhookError {
    /// Stripe did not sign it, or not lately.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// Signed, and not an event of any known shape.
    #[error("the body is signed and is no event: {0}")]
    NotAnEvent(String),
}

impl WebhookError {
    /// The one sentence for the sender, with status 400: a reason would help who tries to forge.
    pub const ANSWER: &str = "the webhook was refused";
}

impl Rule for WebhookError {
    fn code(&self) -> &'static str {
        match self {
            Self::Signature(error) => error.code(),
            Self::NotAnEvent(_) => "webhook_body.malformed",
        }
    }
    fn kind(&self) -> Kind {
        Kind::Invalid
    }
}

/// An endpoint that Stripe sends events to.
#[derive(Clone, Debug)]
pub struct StripeWebhook {
    secrets: WebhookSecrets,
}

impl StripeWebhook {
    /// The endpoint with these signing secrets.
    #[must_use]
    pub const fn new(secrets: WebhookSecrets) -> Self {
        Self { secrets }
    }

    /// Checks the signature and reads the event.
    ///
    /// `body` must be the raw bytes as they arrived, and `signature` the header as text; a header that is no text is
    /// none. The whole of an endpoint:
    ///
    /// ```
    /// use crm_billing_stripe::{StripeWebhook, WebhookError};
    /// use crm_core::billing::{Billing, Desk};
    /// use crm_core::crm::Crm;
    ///
    /// async fn arrived(
    ///     crm: &Crm,
    ///     billing: &Billing,
    ///     webhook: &StripeWebhook,
    ///     body: &[u8],
    ///     signature: Option<&str>,
    /// ) -> (u16, &'static str) {
    ///     let Ok(event) = webhook.read(body, signature, crm.ports().clock.now()) else {
    ///         return (400, WebhookError::ANSWER);
    ///     };
    ///     match Desk::new(billing, crm.ports()).receive(event).await {
    ///         Ok(_) => (200, "received"),
    ///         // Nothing was kept; Stripe delivers again.
    ///         Err(_) => (503, "try again"),
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    /// [`WebhookError`]; answer 400 to both.
    pub fn read(&self, body: &[u8], signature: Option<&str>, now: Timestamp) -> Result<ProviderEvent, WebhookError> {
        self.secrets.verify(body, signature, now, Some(TOLERANCE))?;
        event::read(body)
    }

    /// Reads an event that was stored before, whose signature is long past.
    ///
    /// For support staff who look into a case, and for replays; never for what arrives.
    ///
    /// # Errors
    /// `NotAnEvent`.
    pub fn stored(body: &[u8]) -> Result<ProviderEvent, WebhookError> {
        event::read(body)
    }
}
