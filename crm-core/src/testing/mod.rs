//! What tests of the domain, of its stores and of hosts are made of. Behind the feature `testing`.
//!
//! [`ManualClock`] and [`SequentialIds`] make a run repeat itself. [`contract`] is the suite that every store must
//! pass, [`differential`] compares two stores by chance, and [`arb`] draws the records for it.
//! [`ObservedStore`] counts what a store is asked, and [`office`] is an organization to try things in.

pub mod arb;
pub mod books;
mod clock;
pub mod contract;
pub mod differential;
mod ids;
mod observed;
#[expect(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "a panic in a test is its report; nothing here is part of a product"
)]
pub mod office;
pub mod social;

pub use clock::ManualClock;
pub use ids::SequentialIds;
pub use observed::{Asked, ObservedStore, give_way};

pub use crate::billing::MockBillingGateway;
