//! The social inbox: one view of the conversations of every channel.
//!
//! A [`channel`] is the port to a platform that carries messages. An adapter implements [`ChannelGateway`] and turns what
//! the platform tells it into [`InboundEvent`]s; what differs from platform to platform stands in its [`Capabilities`],
//! so that a further channel needs no change here.
//!
//! A [`Connection`] is our account there, a [`Participant`] a person at the other end, a [`Conversation`] the thread with
//! one of them, a [`Message`] what either side said. [`receive()`] keeps what a platform tells and the agenda applies it;
//! what we say goes through one gate ([`window`]) and is sent by the agenda ([`send`]).
//!
//! Refused: what the window, the platform's table or a template's blanks do not allow ([`window::NotNow`],
//! [`send::ContentRefusal`], [`template::TemplateRefusal`]), and accounts that another organization has connected.

pub mod analytics;
mod attend;
pub mod bulk;
pub mod channel;
pub mod connection;
pub mod conversation;
pub mod desk;
pub mod health;
pub mod hours;
mod identity;
mod jobs;
pub mod media;
pub mod message;
pub mod participant;
pub mod receive;
pub mod send;
pub mod template;
#[cfg(test)]
pub(crate) mod tests;
pub mod window;

pub use channel::{Capabilities, ChannelGateway, Channels, InboundEvent, Platform};
pub use connection::{Connection, ConnectionId, Connections};
pub use conversation::{Conversation, ConversationId};
pub use desk::Inbox;
pub use identity::NotAPerson;
pub use jobs::job_handlers;
pub use message::{Message, MessageId};
pub use participant::{Alias, Participant, ParticipantId};
pub use receive::{Received, receive};
pub use send::NewMessage;
pub use template::{MessageTemplate, MessageTemplateId};
