//! What the example programs share: opening a database by its address, and an organization to work in.

mod database;
mod office;

pub use database::{OpenError, open};
pub use office::{Office, office};

/// The example in the README, compiled with the tests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
