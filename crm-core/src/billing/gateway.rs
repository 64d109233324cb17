//! The way to a billing provider.

use std::time::Duration;

use async_trait::async_trait;

use super::event::{ObjectRef, ProviderEvent};
use super::external::{ExternalId, GatewayIdentity, IdempotencyKey};
use super::request::{
    Cancellation, ChangePreview, CheckoutRequest, LostCommand, MeterEvent, NewCustomer, PortalRequest,
    SubscriptionChange,
};
use super::truth::{
    CheckoutSession, CustomerTruth, InvoiceTruth, PaymentMethodTruth, PortalSession, PriceTruth, SubscriptionTruth,
};
use crate::kernel::{Kind, Rule, Timestamp};

/// Why the provider did not do or answer what it was asked. Never carries keys, bodies or personal data.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GatewayError {
    /// It cannot be done just now (too many requests, the object is locked); the same request may succeed later.
    #[error("the billing provider cannot do this just now; it is tried again")]
    Retryable {
        /// How long the provider wants us to wait, when it says so.
        after: Option<Duration>,
    },
    /// The provider cannot be reached, fails, or answers something that cannot be read. Nothing is known of the effect.
    #[error("the billing provider cannot be reached now; try again later")]
    Outage,
    /// The provider has no such object.
    #[error("the billing provider has no such {object}")]
    NotFound {
        /// The provider's name for the kind of object.
        object: String,
    },
    /// The provider says no, and will say no again.
    #[error("the billing provider refuses this: {reason}")]
    Refused {
        /// The provider's code in small letters, such as `card_declined`.
        code: String,
        /// The provider's reason, fit to be shown to an administrator.
        reason: String,
    },
    /// The key is wrong or may not do this.
    #[error("the billing provider does not accept our key for this; check the configuration")]
    Unauthorised,
}

impl GatewayError {
    /// Whether the same request may succeed later.
    #[must_use]
    pub const fn is_passing(&self) -> bool {
        matches!(self, Self::Retryable { .. } | Self::Outage)
    }
}

impl Rule for GatewayError {
    fn code(&self) -> &'static str {
        match self {
            Self::Retryable { .. } => "billing_provider.busy",
            Self::Outage => "billing_provider.unreachable",
            Self::NotFound { .. } => "billing_provider.not_found",
            Self::Refused { .. } => "billing_provider.refused",
            Self::Unauthorised => "billing_provider.unauthorised",
        }
    }
    fn kind(&self) -> Kind {
        match self {
            Self::Retryable { .. } | Self::Outage => Kind::Unavailable,
            Self::NotFound { .. } => Kind::NotFound,
            Self::Refused { .. } => Kind::Conflict,
            Self::Unauthorised => Kind::Internal,
        }
    }
}

/// What the provider answers.
pub type GatewayResult<T> = Result<T, GatewayError>;

/// The way to a billing provider. Reads answer with whole lists, whatever the provider's pages.
///
/// Commands that have an effect carry an [`IdempotencyKey`] that was stored before: asked again under the same key, the
/// provider does nothing more and answers as it did first. A provider forgets keys, the soonest after a day: whoever asks
/// again later looks for the effect first.
///
/// A host names its provider once; everything else asks through [`Billing`](super::Billing):
///
/// ```
/// use std::sync::Arc;
///
/// use crm_core::access::OrganizationId;
/// use crm_core::billing::{AccessPolicy, Billing, BillingGateway, Pages, SubscriptionPaywall};
/// use crm_core::crm::Crm;
/// use crm_core::store::Store;
///
/// fn wire(crm: Crm, store: Arc<dyn Store>, gateway: Arc<dyn BillingGateway>, desk: OrganizationId) -> (Crm, Billing) {
///     let paywall = Arc::new(SubscriptionPaywall::new(store, AccessPolicy::default()));
///     let billing = Billing::new(gateway, desk, Pages::default()).with_paywall(Arc::clone(&paywall));
///     (crm.with_paywall(paywall).with_job_handlers(billing.job_handlers()), billing)
/// }
/// ```
#[cfg_attr(feature = "testing", mockall::automock)]
#[async_trait]
pub trait BillingGateway: Send + Sync {
    /// Whose books it reads.
    fn identity(&self) -> GatewayIdentity;

    /// Makes a customer.
    async fn create_customer(&self, new: &NewCustomer, key: &IdempotencyKey) -> GatewayResult<CustomerTruth>;
    /// The customer as it is now; a deleted one is answered as deleted, not as `NotFound`.
    async fn customer(&self, customer: &ExternalId) -> GatewayResult<CustomerTruth>;
    /// Whom an object belongs to; nothing when it belongs to nobody or is of a kind that concerns no customer.
    async fn customer_of(&self, object: &ObjectRef) -> GatewayResult<Option<ExternalId>>;

    /// All subscriptions of a customer, ended ones included, each with all its items and its latest invoice.
    async fn subscriptions(&self, customer: &ExternalId) -> GatewayResult<Vec<SubscriptionTruth>>;
    /// All invoices of a customer that are not previews, each with its lines.
    async fn invoices(&self, customer: &ExternalId) -> GatewayResult<Vec<InvoiceTruth>>;
    /// All payment methods that are attached to a customer.
    async fn payment_methods(&self, customer: &ExternalId) -> GatewayResult<Vec<PaymentMethodTruth>>;
    /// All active recurring prices.
    async fn prices(&self) -> GatewayResult<Vec<PriceTruth>>;

    /// Opens a page where the customer subscribes and pays.
    async fn open_checkout(&self, request: &CheckoutRequest, key: &IdempotencyKey) -> GatewayResult<CheckoutSession>;
    /// The checkout as it is now.
    async fn checkout(&self, session: &ExternalId) -> GatewayResult<CheckoutSession>;
    /// Closes a checkout that nobody should complete any more.
    async fn expire_checkout(&self, session: &ExternalId) -> GatewayResult<CheckoutSession>;
    /// Opens a page where the customer manages payment methods, invoices and subscriptions.
    async fn open_portal(&self, request: &PortalRequest, key: &IdempotencyKey) -> GatewayResult<PortalSession>;

    /// What a change would cost. Nothing is changed.
    async fn preview_change(&self, change: &SubscriptionChange) -> GatewayResult<ChangePreview>;
    /// Changes a subscription and answers with it as it is afterwards, which may be as before while payment is pending.
    async fn change_subscription(
        &self,
        change: &SubscriptionChange,
        key: &IdempotencyKey,
    ) -> GatewayResult<SubscriptionTruth>;
    /// Ends a subscription now or with its period, or takes a scheduled end back.
    async fn cancel_subscription(
        &self,
        subscription: &ExternalId,
        cancellation: Cancellation,
        key: &IdempotencyKey,
    ) -> GatewayResult<SubscriptionTruth>;
    /// Finalises drafts of an unpaid subscription that are overdue, so that paying them revives it. Answers how many.
    async fn finalise_drafts(&self, subscription: &ExternalId) -> GatewayResult<usize>;

    /// What a command made whose answer never came, looked for by its key; nothing when it had no effect.
    async fn effect_of(&self, command: &LostCommand) -> GatewayResult<Option<ExternalId>>;

    /// Records usage for metered prices. The event's own identifier makes it count once.
    async fn record_usage(&self, event: &MeterEvent) -> GatewayResult<()>;

    /// Events since an instant that the provider could not deliver, the earliest first.
    async fn undelivered_events(&self, since: Timestamp) -> GatewayResult<Vec<ProviderEvent>>;
}
