//! Billing: what organizations pay for, as a provider such as Stripe tells it, and what follows for their access.
//!
//! A [`BillingGateway`] is the way to the provider: it answers with the *truth* ([`SubscriptionTruth`],
//! [`InvoiceTruth`], …), whole objects as they are now, in types that know no provider. What a provider says by itself, a
//! [`ProviderEvent`], is only a reason to ask for the truth: events come late, twice and out of order.
//!
//! Refused: what the provider refuses ([`GatewayError`]).

mod access;
mod account;
mod bundle;
mod catalogue;
mod desk;
mod event;
mod external;
mod gateway;
mod request;
pub mod truth;

pub use access::{Access, AccessPolicy, Decision, STALENESS, Snapshot, SubscriptionPaywall, decide};
pub use account::{
    AccountCustomer, Applied, BillingAccount, BillingAccountEvent, BillingAccountId, Fetched, Invoice, InvoiceEvent,
    InvoiceId, ItemService, PaymentMethod, PaymentMethodEvent, PaymentMethodId, ServiceGrant, ServiceGrantEvent,
    ServiceGrantId, Subscription, SubscriptionEvent, SubscriptionId, project,
};
pub use bundle::{Billing, Pages};
pub use catalogue::{Catalogue, ServicePrice, ServicePriceEvent, ServicePriceId, default_prices};
pub use desk::{
    BillingCustomer, BillingCustomerId, Desk, DeskEvent, DeskRefusal, IDENTIFY, RECONCILE, Received, ReceivedEvent,
    ReceivedEventId, ReceivedState, SWEEP, SYNC, Swept, Synced,
};
pub use event::{ObjectRef, ProviderEvent};
pub use external::{ExternalId, GatewayIdentity, IdempotencyKey, MalformedExternalId, Mode};
#[cfg(feature = "testing")]
pub use gateway::MockBillingGateway;
pub use gateway::{BillingGateway, GatewayError, GatewayResult};
pub use request::{
    Cancellation, ChangePreview, ChangeWhen, CheckoutLine, CheckoutRequest, ItemChange, MeterEvent, NewCustomer,
    PortalRequest, PreviewLine, SubscriptionChange,
};
pub use truth::{
    CheckoutPayment, CheckoutSession, CheckoutStatus, CollectionPause, CustomerTruth, Discount, DiscountAmount,
    Interval, InvoiceLine, InvoiceStatus, InvoiceTruth, ItemTruth, PauseReason, PaymentMethodTruth, Period,
    PortalSession, PriceTruth, SubscriptionStatus, SubscriptionTruth, TrialPeriod,
};

#[cfg(test)]
mod tests;
