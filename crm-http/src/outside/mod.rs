//! What a host brings from outside: billing, the receivers of webhooks, and the way to permission pages.
//!
//! The endpoints for them are always declared, so that the document is the same everywhere. Where a host has brought
//! nothing, they answer 501 and say what is missing. Channels of the inbox come with the domain itself, by
//! [`Crm::with_channels`](crm_core::crm::Crm::with_channels).

#[cfg(feature = "meta")]
mod meta;
#[cfg(feature = "stripe")]
mod stripe;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use axum::http::{HeaderMap, StatusCode};
use crm_core::billing::{Billing, ProviderEvent};
use crm_core::inbox::Platform;
use crm_core::kernel::{Result, Timestamp};
use crm_core::store::Ports;

use crate::problem::Problem;

/// Reads what a billing provider says by itself.
pub trait BillingWebhook: Send + Sync + 'static {
    /// The event in a body, once it is sure who wrote it. `body` holds the bytes as they arrived.
    ///
    /// # Errors
    /// What to answer the sender. It gives no reason: that would help who tries to forge.
    fn read(&self, head: &HeaderMap, body: &[u8], now: Timestamp) -> std::result::Result<ProviderEvent, Problem>;

    /// The largest body that is read, in bytes.
    fn largest_body(&self) -> usize {
        1 << 20
    }
}

/// Takes what the platforms of the inbox say by themselves.
#[async_trait]
pub trait SocialWebhook: Send + Sync + 'static {
    /// The answer to a platform that asks whether an address is ours. `query` stands as it arrived.
    ///
    /// # Errors
    /// What to answer whoever does not know what they should.
    fn handshake(&self, query: &str) -> std::result::Result<String, Problem>;

    /// Stores what was delivered, once it is sure who wrote it. `body` holds the bytes as they arrived.
    ///
    /// # Errors
    /// What to answer the sender; 503 when nothing was stored, so that it is delivered again.
    async fn accept(&self, ports: &Ports, head: &HeaderMap, body: &[u8]) -> std::result::Result<(), Problem>;

    /// The largest body that is read, in bytes.
    fn largest_body(&self) -> usize {
        1 << 20
    }
}

/// Knows where a person permits us to act for their account at a platform.
pub trait PermissionPages: Send + Sync + 'static {
    /// The address of the page, which sends the browser back to `redirect_uri` with a code and with `state`. Nothing for
    /// a platform that it does not know.
    ///
    /// # Errors
    /// When the platform is not configured.
    fn page(&self, platform: &Platform, login: Option<&str>, redirect_uri: &str, state: &str)
    -> Result<Option<String>>;
}

/// What a host brings from outside. Clones share it.
#[derive(Clone, Default)]
pub struct Outside {
    billing: Option<Billing>,
    billing_webhook: Option<Arc<dyn BillingWebhook>>,
    social_webhook: Option<Arc<dyn SocialWebhook>>,
    permission_pages: Option<Arc<dyn PermissionPages>>,
}

impl fmt::Debug for Outside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outside")
            .field("billing", &self.billing)
            .field("billing_webhook", &self.billing_webhook.is_some())
            .field("social_webhook", &self.social_webhook.is_some())
            .field("permission_pages", &self.permission_pages.is_some())
            .finish()
    }
}

impl Outside {
    /// The same with billing. The host gives its [`Billing::job_handlers`] to the domain as well.
    #[must_use]
    pub fn with_billing(mut self, billing: Billing) -> Self {
        self.billing = Some(billing);
        self
    }

    /// The same with a reader of the billing provider's webhooks.
    #[must_use]
    pub fn with_billing_webhook(mut self, webhook: impl BillingWebhook) -> Self {
        self.billing_webhook = Some(Arc::new(webhook));
        self
    }

    /// The same with a receiver of the platforms' webhooks.
    #[must_use]
    pub fn with_social_webhook(mut self, webhook: impl SocialWebhook) -> Self {
        self.social_webhook = Some(Arc::new(webhook));
        self
    }

    /// The same with permission pages.
    #[must_use]
    pub fn with_permission_pages(mut self, pages: impl PermissionPages) -> Self {
        self.permission_pages = Some(Arc::new(pages));
        self
    }

    pub(crate) fn billing(&self) -> std::result::Result<&Billing, Problem> {
        self.billing.as_ref().ok_or_else(|| missing("billing.not_configured", "billing provider"))
    }

    pub(crate) fn billing_webhook(&self) -> std::result::Result<&dyn BillingWebhook, Problem> {
        let webhook = self.billing_webhook.as_deref();
        webhook.ok_or_else(|| missing("webhook.not_configured", "reader of this provider's webhooks"))
    }

    pub(crate) fn social_webhook(&self) -> std::result::Result<&dyn SocialWebhook, Problem> {
        let webhook = self.social_webhook.as_deref();
        webhook.ok_or_else(|| missing("webhook.not_configured", "receiver of this platform's webhooks"))
    }

    pub(crate) fn permission_pages(&self) -> std::result::Result<&dyn PermissionPages, Problem> {
        let pages = self.permission_pages.as_deref();
        pages.ok_or_else(|| missing("permission_page.not_configured", "permission page for this platform"))
    }

    /// The largest body of a webhook of billing and of the platforms, in bytes.
    pub(crate) fn largest_bodies(&self) -> (usize, usize) {
        let billing = self.billing_webhook.as_ref().map_or(1 << 20, |webhook| webhook.largest_body());
        let social = self.social_webhook.as_ref().map_or(1 << 20, |webhook| webhook.largest_body());
        (billing, social)
    }
}

/// The problem of a part that the host has not brought.
pub(crate) fn missing(code: &str, what: &str) -> Problem {
    let detail = format!("this installation has no {what}; ask its operator to configure one");
    Problem::new(StatusCode::NOT_IMPLEMENTED, code, detail)
}
