//! Sending: through one gate, by the agenda, never twice.
//!
//! A message is written with status `queued` and sent by a job of its own. `sending` is stored before the platform is
//! asked; a worker that finds it there later knows that another one died in between, and that nobody knows whether the
//! message was sent: it becomes `unknown`, as after a time-out. Only an echo, a status or a person settles that. What the
//! platform refuses is retried, stops the connection or fails, by the refusal's class and scope.

mod compose;
mod consequence;
mod gate;
mod job;
mod rate;
mod settle;
#[cfg(test)]
pub(crate) mod tests;

#[cfg(any(test, feature = "testing"))]
pub(crate) use compose::write;
pub use compose::{ContentRefusal, NewMessage};
pub(crate) use compose::{medium_fits, queue};
pub(crate) use consequence::{Judged, draw};
pub(crate) use gate::{ask, author_of, standing};
pub(crate) use job::run_send;
pub use rate::{SendingRate, SendingRateId};
#[cfg(any(test, feature = "testing"))]
pub(crate) use settle::settle;

/// The kind of job that sends a message.
pub const SEND: &str = "inbox.send";
