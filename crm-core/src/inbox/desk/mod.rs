//! The desk at which members work through conversations.

mod canned;
mod conversations;
mod people;
mod platform;
#[cfg(test)]
mod tests;
mod work;

pub use canned::{CannedReply, CannedReplyEvent, CannedReplyId, CannedReplyRefusal};
pub use conversations::{Inbox, NotLost};
