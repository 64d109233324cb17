//! What billing keeps of one organization: its account, subscriptions, invoices and payment methods.

mod apply;
mod invoice;
mod model;
mod project;
mod subscription;

pub use apply::{Applied, Fetched};
pub(super) use apply::{account, apply, raise_version, snapshot};
pub use invoice::{Invoice, InvoiceEvent, InvoiceId, PaymentMethod, PaymentMethodEvent, PaymentMethodId};
pub use model::{
    AccountCustomer, BillingAccount, BillingAccountEvent, BillingAccountId, ServiceGrant, ServiceGrantEvent,
    ServiceGrantId,
};
pub use project::project;
pub use subscription::{ItemService, Subscription, SubscriptionEvent, SubscriptionId};
