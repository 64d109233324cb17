//! What tests of the domain, of its stores and of hosts are made of. Behind the feature `testing`.
//!
//! [`ManualClock`] and [`SequentialIds`] make a run repeat itself.

mod clock;
pub mod contract;
mod ids;

pub use clock::ManualClock;
pub use ids::SequentialIds;
