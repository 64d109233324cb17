//! The social inbox: one view of the conversations of every channel.
//!
//! A [`channel`] is the port to a platform that carries messages. An adapter implements [`ChannelGateway`] and turns what
//! the platform tells it into [`InboundEvent`]s; what differs from platform to platform stands in its [`Capabilities`],
//! so that a further channel needs no change here.

pub mod channel;

pub use channel::{Capabilities, ChannelGateway, Channels, InboundEvent, Platform};

#[cfg(test)]
pub(crate) mod tests;
