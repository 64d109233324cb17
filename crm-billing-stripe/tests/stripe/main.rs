//! The adapter against what Stripe writes, against a stand-in that speaks as Stripe does, and against what goes wrong.
//!
//! Stripe's own specification, fixtures, events and signatures are read in place from `../shared/stripe`, beside the
//! project; where that is absent, the tests that need it say that they were skipped.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a panic in a test is its report"
)]

mod answers;
mod contract;
mod engine;
mod events;
mod fake;
mod reversals;
mod shared;
mod signature;
