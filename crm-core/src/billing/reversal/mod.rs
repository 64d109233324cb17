//! Payments that were taken back, and what the operator makes of it for access.
//!
//! A refund or a dispute changes no access by itself. What a provider tells of one is a [`PaymentReversal`]: a fact that
//! needs no asking for the truth, since it only ever says that something happened. Each is kept in the organization once,
//! as a [`ReversedPayment`], with the [`ReversalEffect`] that the operator's [`ReversalPolicy`] answered for it. What is
//! withheld follows from all that is kept, in the order in which it happened and not in that of its arrival, and stands
//! as [`Withholding`]s in the organization's account, where [`decide`](super::decide) reads it and an operator sees it,
//! adds to it and takes it back (`Desk::withhold`, `Desk::restore`).

mod model;
mod policy;
mod record;
mod withholding;

pub use model::{PaymentReversal, ReversalKind};
pub use policy::{KeepAccess, ReversalEffect, ReversalPolicy, WithheldLevel};
pub use record::{ReversedPayment, ReversedPaymentId};
pub use withholding::{Withholding, withheld_for};
