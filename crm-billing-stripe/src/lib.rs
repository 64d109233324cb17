//! Stripe behind the billing port of the domain.
//!
//! [`StripeBilling`] is the domain's [`BillingGateway`](crm_core::billing::BillingGateway): it asks Stripe for the truth
//! and has it do things, each once. [`StripeWebhook`] reads what Stripe says by itself, after checking who said it. What
//! follows for access is decided in `crm-core`, from the truth alone; this crate knows Stripe's words and nothing else.
//!
//! Refused: keys of the wrong sort or over the wrong wire ([`ConfigError`]), webhooks that Stripe did not sign
//! ([`WebhookError`]), and what Stripe refuses ([`StripeError`], to the domain a
//! [`GatewayError`](crm_core::billing::GatewayError)).

mod client;
mod config;
mod gateway;
pub mod money;
mod reading;
#[cfg(feature = "testing")]
#[expect(clippy::indexing_slicing, reason = "a field that a JSON object lacks reads as null; there are no slices here")]
pub mod testing;
mod webhook;
mod wire;

pub use client::{Pace, StripeError, SystemPace};
pub use config::{API_VERSION, ConfigError, SecretKey, StripeConfig};
pub use gateway::StripeBilling;
pub use webhook::{LONGEST_BODY, SignatureError, StripeWebhook, WebhookError, WebhookSecrets, signature_header};

/// The provider's name in events and identities.
pub const PROVIDER: &str = "stripe";
