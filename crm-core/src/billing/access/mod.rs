//! What an organization may do, as a pure function of what is known, the operator's policy and the time.
//!
//! [`decide`] draws the course of each item of each subscription over time and reads it at one instant: time alone can
//! change the outcome, and [`Decision::next_change_at`] says when. [`SubscriptionPaywall`] keeps what was decided at
//! hand and is the port that the unit of work asks.

mod cache;
mod course;
mod decide;
mod policy;

pub use cache::{STALENESS, SubscriptionPaywall};
pub use decide::{Access, Decision, Snapshot, decide};
pub(super) use decide::{open_invoice, unpaid_since};
pub use policy::AccessPolicy;
