//! Shows that the adapter does what Meta's webhooks and Graph ask for.
//!
//! The cases are read in place from `../shared/meta`, beside the project; where that is absent, the tests say that they
//! were skipped.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a panic in a test is its report"
)]

mod connecting;
mod database;
mod errors;
mod false_meta;
mod journey;
mod media;
mod outbound;
mod scenarios;
mod server;
mod shared;
mod signatures;
mod tables;
mod total;
mod webhooks;
