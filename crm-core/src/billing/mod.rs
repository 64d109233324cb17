//! Billing: what organizations pay for, as a provider such as Stripe tells it, and what follows for their access.
//!
//! A [`BillingGateway`] is the way to the provider: it answers with the *truth* ([`SubscriptionTruth`],
//! [`InvoiceTruth`], …), whole objects as they are now, in types that know no provider. What a provider says by itself, a
//! [`ProviderEvent`], is only a reason to ask for the truth: events come late, twice and out of order.
//!
//! [`decide`] says what an organization may do: a pure function of its subscriptions, the operator's [`AccessPolicy`] and the
//! time. [`SubscriptionPaywall`] is the port that the door asks. The [`Desk`] is where the operator receives, links and
//! sweeps; [`Subscriptions`] is where members look, subscribe, change and cancel. [`dunning`] says what is said while payment
//! is missing, [`usage`] counts, [`simulation`] tries another plan on what really happened.
//!
//! A refund or a dispute changes no access by itself. It is told in the organization's own stream, and an operator who wants
//! more of it to follow gives [`Billing`] a [`ReversalPolicy`]; see [`Withholding`].
//!
//! Refused: what is there already, what is not one's own, what is used beyond the wished plan ([`PlanRefusal`]), use beyond a
//! hard limit ([`UsageRefusal`]), and what the provider refuses ([`GatewayError`]).

mod access;
mod account;
mod bundle;
mod catalogue;
mod desk;
pub mod dunning;
mod event;
mod external;
mod gateway;
mod handlers;
mod request;
pub mod revenue;
mod reversal;
mod service;
pub mod simulation;
pub mod truth;
pub mod usage;

pub use access::{Access, AccessPolicy, Decision, STALENESS, Snapshot, SubscriptionPaywall, decide};
pub use account::{
    AccountCustomer, Applied, BillingAccount, BillingAccountEvent, BillingAccountId, Fetched, Invoice, InvoiceEvent,
    InvoiceId, ItemService, PaymentMethod, PaymentMethodEvent, PaymentMethodId, ServiceGrant, ServiceGrantEvent,
    ServiceGrantId, Subscription, SubscriptionEvent, SubscriptionId, project,
};
pub use bundle::{Billing, Pages};
pub use catalogue::{Catalogue, PlanLimit, ServicePrice, ServicePriceEvent, ServicePriceId, default_prices};
pub use desk::{
    BillingCustomer, BillingCustomerId, Desk, DeskEvent, DeskRefusal, IDENTIFY, RECONCILE, Received, ReceivedEvent,
    ReceivedEventId, ReceivedState, SWEEP, SYNC, Swept, Synced,
};
pub use dunning::{BillingNotice, BillingNoticeEvent, BillingNoticeId, Dunning, DunningStage, NoticeKind};
pub use event::{ObjectRef, ProviderEvent};
pub use external::{ExternalId, GatewayIdentity, IdempotencyKey, MalformedExternalId, Mode};
#[cfg(feature = "testing")]
pub use gateway::MockBillingGateway;
pub use gateway::{BillingGateway, GatewayError, GatewayResult};
pub use request::{
    Cancellation, ChangePreview, ChangeWhen, CheckoutLine, CheckoutRequest, ItemChange, LostCommand, MeterEvent,
    NewCustomer, PortalRequest, PreviewLine, SoughtEffect, SubscriptionChange,
};
pub use revenue::{RevenueFact, RevenueFactId, RevenueMove};
pub use reversal::{
    KeepAccess, PaymentReversal, ReversalEffect, ReversalKind, ReversalPolicy, ReversedPayment, ReversedPaymentId,
    WithheldLevel, Withholding, withheld_for,
};
pub use service::{
    BillingCommand, BillingCommandId, CommandKind, CommandState, NewCheckout, Overview, PlanChange, PlanRefusal,
    QUANTITY, ReplayRefusal, ServiceView, Subscriptions,
};
pub use truth::{
    CheckoutPayment, CheckoutSession, CheckoutStatus, CollectionPause, CustomerTruth, Discount, DiscountAmount,
    Interval, InvoiceLine, InvoiceStatus, InvoiceTruth, ItemTruth, PauseReason, PaymentMethodTruth, Period,
    PortalSession, PriceTruth, SubscriptionStatus, SubscriptionTruth, TrialPeriod,
};

pub use usage::{Meter, Usage, UsageCounter, UsageLimit, UsageRecord, UsageRefusal, UsageWarning};

#[cfg(test)]
mod tests;
