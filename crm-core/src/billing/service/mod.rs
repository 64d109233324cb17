//! What members do with billing: look, subscribe, pay, change and cancel. Only owners and admins act.
//!
//! Each request to the provider that has an effect is a [`BillingCommand`], stored with its idempotency key before it is
//! sent. When the answer is lost, the same command is sent again under the same key and has no second effect; once the
//! provider has forgotten the key, it is first looked for what the command has made.

mod checkout;
mod command;
mod offer;
mod plan;
mod replay;
mod seats;
mod sending;
mod subscriptions;

pub use command::{BillingCommand, BillingCommandId, CommandKind, CommandState};
pub use offer::{NewCheckout, Overview, PlanChange, PlanRefusal, ServiceView};
pub use replay::ReplayRefusal;
pub use seats::QUANTITY;
pub(super) use seats::run_quantity;
pub use subscriptions::Subscriptions;
