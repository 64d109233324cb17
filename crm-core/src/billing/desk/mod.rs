//! The operator's desk: what is received from the provider, whose customers they are, and the asking for the truth.
//!
//! The desk is an organization of the operator's own. It holds what belongs to no tenant: received events, the links
//! between customers and organizations, and the catalogue of prices. So all of it is under the same row security, agenda
//! and transactions as everything else, and a received event is stored and its work enqueued in one commit.

mod customer;
mod event_record;
mod handlers;
mod jobs;
mod office;
mod prices;
mod provisional;
mod reversals;
mod sweep;
mod sync;

pub use customer::{BillingCustomer, BillingCustomerId};
pub use event_record::{DeskEvent, ReceivedEvent, ReceivedEventId, ReceivedState};
pub use jobs::{IDENTIFY, RECONCILE, SWEEP, SYNC};
pub(super) use office::may_try_again;
pub use office::{Desk, DeskRefusal, Received};
pub use sweep::Swept;
pub use sync::Synced;
pub(super) use sync::catalogue;
