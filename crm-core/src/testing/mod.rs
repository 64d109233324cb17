//! What tests of the domain, of its stores and of hosts are made of. Behind the feature `testing`.
//!
//! [`ManualClock`] and [`SequentialIds`] make a run repeat itself.

mod clock;
mod ids;
#[cfg(test)]
pub(crate) mod office;

pub use clock::ManualClock;
pub use ids::SequentialIds;
