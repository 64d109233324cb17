//! Stripe as the domain's billing gateway.
//!
//! Each method is one question or one effect. Reads follow pages to their end and complete what Stripe cuts short
//! (embedded lists stop after ten entries). Effects carry the key that the domain has kept; where one effect takes two
//! requests, each has its own key, derived from the domain's.

mod change;
mod fault;
mod lost;
mod object;
mod page;
mod schedule;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use crm_core::billing::truth::{
    CheckoutSession, CustomerTruth, InvoiceTruth, PaymentMethodTruth, PortalSession, PriceTruth, SubscriptionTruth,
};
use crm_core::billing::{
    BillingGateway, Cancellation, ChangePreview, CheckoutRequest, ExternalId, GatewayIdentity, GatewayResult,
    IdempotencyKey, LostCommand, MeterEvent, NewCustomer, ObjectRef, PortalRequest, ProviderEvent, SubscriptionChange,
};
use crm_core::kernel::Timestamp;
use sha2::{Digest, Sha256};

use crate::client::{Pace, StripeClient, SystemPace};
use crate::config::{ConfigError, StripeConfig};

/// Stripe behind the billing port.
///
/// ```
/// use std::sync::Arc;
///
/// use crm_billing_stripe::{ConfigError, SecretKey, StripeBilling, StripeConfig, StripeWebhook, WebhookSecrets};
/// use crm_core::billing::BillingGateway;
///
/// fn stripe(key: &str, signing_secret: &str) -> Result<(Arc<dyn BillingGateway>, StripeWebhook), ConfigError> {
///     let gateway = StripeBilling::new(StripeConfig::new(SecretKey::parse(key)?)?)?;
///     Ok((Arc::new(gateway), StripeWebhook::new(WebhookSecrets::new([signing_secret])?)))
/// }
/// assert!(stripe("pk_test_publishable", "whsec_1").is_err(), "that is no secret key");
/// ```
pub struct StripeBilling {
    client: StripeClient,
}

impl fmt::Debug for StripeBilling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StripeBilling").field("client", &self.client).finish()
    }
}

impl StripeBilling {
    /// A connection to the account that the key belongs to.
    ///
    /// # Errors
    /// `HttpClient` when the machine has no certificates to trust, for example.
    pub fn new(config: StripeConfig) -> Result<Self, ConfigError> {
        Self::with_pace(config, Arc::new(SystemPace::default()))
    }

    /// The same with a way to wait, for tests.
    ///
    /// # Errors
    /// Those of [`StripeBilling::new`].
    pub fn with_pace(config: StripeConfig, pace: Arc<dyn Pace>) -> Result<Self, ConfigError> {
        Ok(Self { client: StripeClient::new(config, pace)? })
    }
}

/// The key of one step of an effect that takes several requests.
fn step(key: &str, step: &str) -> String {
    let digest = Sha256::digest(format!("{key}|{step}").as_bytes());
    digest.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

#[async_trait]
impl BillingGateway for StripeBilling {
    fn identity(&self) -> GatewayIdentity {
        let config = self.client.config();
        GatewayIdentity { provider: crate::PROVIDER.to_owned(), account: config.account.clone(), mode: config.mode() }
    }

    async fn create_customer(&self, new: &NewCustomer, key: &IdempotencyKey) -> GatewayResult<CustomerTruth> {
        Ok(self.client.create_customer(new, key.as_str()).await?)
    }
    async fn customer(&self, customer: &ExternalId) -> GatewayResult<CustomerTruth> {
        Ok(self.client.customer(customer.as_str()).await?)
    }
    async fn customer_of(&self, object: &ObjectRef) -> GatewayResult<Option<ExternalId>> {
        Ok(self.client.customer_of(object).await?)
    }

    async fn subscriptions(&self, customer: &ExternalId) -> GatewayResult<Vec<SubscriptionTruth>> {
        Ok(self.client.subscriptions(customer.as_str()).await?)
    }
    async fn invoices(&self, customer: &ExternalId) -> GatewayResult<Vec<InvoiceTruth>> {
        Ok(self.client.invoices(customer.as_str()).await?)
    }
    async fn payment_methods(&self, customer: &ExternalId) -> GatewayResult<Vec<PaymentMethodTruth>> {
        Ok(self.client.payment_methods(customer.as_str()).await?)
    }
    async fn prices(&self) -> GatewayResult<Vec<PriceTruth>> {
        Ok(self.client.prices().await?)
    }

    async fn open_checkout(&self, request: &CheckoutRequest, key: &IdempotencyKey) -> GatewayResult<CheckoutSession> {
        Ok(self.client.open_checkout(request, key.as_str()).await?)
    }
    async fn checkout(&self, session: &ExternalId) -> GatewayResult<CheckoutSession> {
        Ok(self.client.checkout(session.as_str()).await?)
    }
    async fn expire_checkout(&self, session: &ExternalId) -> GatewayResult<CheckoutSession> {
        Ok(self.client.expire_checkout(session.as_str()).await?)
    }
    async fn open_portal(&self, request: &PortalRequest, key: &IdempotencyKey) -> GatewayResult<PortalSession> {
        Ok(self.client.open_portal(request, key.as_str()).await?)
    }

    async fn preview_change(&self, change: &SubscriptionChange) -> GatewayResult<ChangePreview> {
        Ok(self.client.preview_change(change).await?)
    }
    async fn change_subscription(
        &self,
        change: &SubscriptionChange,
        key: &IdempotencyKey,
    ) -> GatewayResult<SubscriptionTruth> {
        Ok(self.client.change_subscription(change, key.as_str()).await?)
    }
    async fn cancel_subscription(
        &self,
        subscription: &ExternalId,
        cancellation: Cancellation,
        key: &IdempotencyKey,
    ) -> GatewayResult<SubscriptionTruth> {
        Ok(self.client.cancel_subscription(subscription.as_str(), cancellation, key.as_str()).await?)
    }
    async fn finalise_drafts(&self, subscription: &ExternalId) -> GatewayResult<usize> {
        Ok(self.client.finalise_drafts(subscription.as_str()).await?)
    }

    async fn effect_of(&self, command: &LostCommand) -> GatewayResult<Option<ExternalId>> {
        Ok(self.client.effect_of(command).await?)
    }

    async fn record_usage(&self, event: &MeterEvent) -> GatewayResult<()> {
        Ok(self.client.record_usage(event).await?)
    }

    async fn undelivered_events(&self, since: Timestamp) -> GatewayResult<Vec<ProviderEvent>> {
        Ok(self.client.undelivered_events(since).await?)
    }
}
