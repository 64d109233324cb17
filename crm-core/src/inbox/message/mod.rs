//! Messages of a conversation.
//!
//! The status of ours only rises: queued, sending, unknown, sent, failed, delivered, read, played. A receipt that comes
//! late fills its instant and lowers nothing; a message that was delivered after the platform gave it up is delivered.
//! The latest edit wins by the platform's clock, a deletion wins over everything and takes the words with it, one
//! reaction for each person counts. So whatever order events arrive in, and however often, the end is the same.

mod event;
mod fields;
mod media;
mod model;
mod status;
#[cfg(test)]
mod tests;

pub use event::MessageEvent;
pub use media::{MediaPart, MediaState};
pub use model::{Message, MessageId, MessageReaction, Origin};
pub use status::MessageStatus;
