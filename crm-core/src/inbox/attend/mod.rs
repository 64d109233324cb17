//! What follows from a message of theirs, after it is safely there.
//!
//! A job of its own finds out who they may be, gives the conversation to somebody who is there, and answers for closed
//! hours: once in each closed period and inside the window only. Whatever fails here, the message stays.

mod due;
mod follow;
#[cfg(test)]
mod tests;

pub(crate) use due::{remind, run_target, run_wake, wake_later};
pub(crate) use follow::{calendar_of, later, reassign, run_attend};

/// The kind of job that attends to a message.
pub(crate) const ATTEND: &str = "inbox.attend";
/// The kind of job that tells of a missed target.
pub(crate) const TARGET: &str = "inbox.target";
/// The kind of job that wakes a snoozed conversation.
pub(crate) const WAKE: &str = "inbox.wake";
