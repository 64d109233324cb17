//! What the platforms tell: kept before it is answered for, then applied one by one.
//!
//! [`receive`] sorts a delivery by our accounts, keeps each organization's share with its raw elements, and puts the rest
//! on the agenda; only then is the platform told that all is well. The agenda applies the events, each in a commit of its
//! own, so that a bad one never drops its neighbours. Events are applied in any order and any number of times with
//! the same end. What speaks of a message that is not there yet is parked for [`PARKED_FOR`] and never makes a record.

mod account;
mod apply;
mod delivery;
mod parked;
mod reading;
mod receipt;
mod route;
mod spoken;

pub use apply::Applied;
#[cfg(any(test, feature = "testing"))]
pub(crate) use apply::apply;
pub(crate) use apply::{find_message, run_apply};
pub use delivery::{Delivery, DeliveryId, DeliveryProblem};
pub use parked::{PARKED_FOR, ParkedEvent, ParkedEventId};
pub(crate) use parked::{run_sweep, unpark};
pub(crate) use receipt::catch_up;
pub use route::{Received, receive};

/// The kind of job that applies a delivery.
pub const APPLY: &str = "inbox.apply";
/// The kind of job that looks at what is parked.
pub const SWEEP: &str = "inbox.sweep";
