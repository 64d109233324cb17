//! Sending: one request at a time, with a key for each that changes something, and patience for what passes.
//!
//! A [`Call`] is data. Those that change something carry an [`IdempotencyKey`] that the caller has kept before, so that
//! sending twice, in this process or the next, does it once. Whether to send again is Stripe's to say
//! (`Stripe-Should-Retry`); where it is silent, what could not be reached, what was busy and what failed is sent again,
//! and so is what came too often, after a longer pause.

mod call;
mod error;
mod form;
mod list;
mod pace;
mod send;

pub(crate) use call::{Call, id};
pub use error::StripeError;
pub use pace::{Pace, SystemPace};
pub(crate) use send::StripeClient;

pub(crate) type Answer<T> = std::result::Result<T, StripeError>;
