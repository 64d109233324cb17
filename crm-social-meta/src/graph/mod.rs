//! Graph: calls as values, the client that carries them out, and the operations in Meta's own words.

pub(crate) mod call;
pub(crate) mod classify;
pub(crate) mod client;
mod instagram;
pub(crate) mod media;
mod pages;
mod throttle;
mod token;
mod usage;
mod whatsapp;

pub use classify::GraphError;
pub use client::{Graph, SetupError};
pub use media::MediaAddress;
pub use pages::Page;
pub use token::{IssuedToken, TokenReport};
pub use usage::Usage;
pub use whatsapp::PhoneNumber;

pub(crate) use call::CallError;
