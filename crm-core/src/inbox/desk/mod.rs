//! The desk at which members work through conversations.

mod amend;
mod canned;
mod conversations;
mod forward;
mod people;
mod platform;
#[cfg(test)]
mod tests;
mod work;

pub use amend::MessageRefusal;
pub use canned::{CannedReply, CannedReplyEvent, CannedReplyId, CannedReplyRefusal};
pub use conversations::{Inbox, NotLost};
