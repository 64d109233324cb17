//! Conversations: one thread for each participant of a connection.
//!
//! open → snoozed (until an instant, or until they write) → open; open → closed → open again, as the connection's policy
//! says. Unread counts what they wrote and nobody has looked at. Display is in the order of the platform's clock. Who has
//! it owns it: members of limited reach see their own.

mod clock;
mod event;
mod fields;
mod model;
mod note;
mod thread;

pub use event::{CloseReason, ConversationEvent};
pub use model::{Conversation, ConversationId, ConversationRefusal, ConversationState, ResponseClock};
pub use note::{ConversationNote, ConversationNoteId};
pub(crate) use thread::{find_thread, join_threads, open_thread};
