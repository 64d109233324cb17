//! What the provider holds now, in types that know no provider.
//!
//! Adapters are tolerant: unknown fields are ignored, unknown words are kept as `Other`, what is absent is `None`.
//! Amounts are whole minor units. Everything here can be stored as JSON and compared.

mod customer;
mod invoice;
mod price;
mod subscription;

pub use customer::{
    CheckoutPayment, CheckoutSession, CheckoutStatus, CustomerTruth, PaymentMethodTruth, PortalSession,
};
pub use invoice::{InvoiceLine, InvoiceStatus, InvoiceTruth};
pub use price::{Interval, Period, PriceTruth};
pub use subscription::{
    CollectionPause, Discount, DiscountAmount, ItemTruth, PauseReason, SubscriptionStatus, SubscriptionTruth,
    TrialPeriod,
};
