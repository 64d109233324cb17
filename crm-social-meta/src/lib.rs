//! Messenger, Instagram and `WhatsApp` behind the channel port of the domain.
//!
//! Three things, each usable by itself:
//! - [`webhook`]: the handshake, the signature over the bytes as received, and [`parse`], which turns a delivery of any of
//!   the three platforms into the inbox's events without ever panicking;
//! - [`Graph`]: every call to Meta as one method, with proofs, time limits, pauses that Meta asks for, and refusals judged
//!   by their numbers;
//! - [`MetaChannels`]: both joined to the inbox's [`ChannelGateway`](crm_core::inbox::ChannelGateway).
//!
//! Versions, addresses and secrets are [`MetaConfig`]. Written after Meta's documentation of 2026 for Graph v25.0; nothing
//! here keeps state except pauses, and nothing is retried: that is the inbox's.

mod channels;
mod config;
mod connect;
mod graph;
mod line;
pub mod parse;
mod permission;
mod send;
#[cfg(feature = "testing")]
#[expect(clippy::indexing_slicing, reason = "a field that a JSON object lacks reads as null; there are no slices here")]
pub mod testing;
pub mod webhook;

pub use channels::MetaChannels;
pub use config::{AppCredentials, BaseUrls, ConfigError, MetaConfig};
pub use graph::{Graph, GraphError, IssuedToken, MediaAddress, Page, PhoneNumber, SetupError, TokenReport, Usage};
pub use permission::{Login, PermissionRefusal, PermissionState};
