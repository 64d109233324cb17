//! What members do with billing: look, subscribe, pay, change and cancel. Only owners and admins act.
//!
//! Each request to the provider that has an effect is a [`BillingCommand`], stored with its idempotency key before it is
//! sent. When the answer is lost, the same command is sent again under the same key and has no second effect.

mod command;
mod offer;
mod replay;
mod subscriptions;

pub use command::{BillingCommand, BillingCommandId, CommandKind, CommandState};
pub use offer::{NewCheckout, Overview, PlanChange, PlanLimit, PlanRefusal, ServiceView};
pub use replay::ReplayRefusal;
pub use subscriptions::Subscriptions;
