//! The people at the other end, as each connection knows them.
//!
//! A [`Participant`] belongs to one connection and is known there by aliases: an identifier that the platform made for our
//! account, a telephone number, an identifier that does not depend on a number. Two participants that turn out to be one
//! are joined, and their threads with them. Who they are among leads and contacts is another question, which the desk
//! answers.

mod model;
mod resolve;

pub(crate) use model::relink;
pub use model::{Alias, AliasId, Participant, ParticipantEvent, ParticipantId};
pub(crate) use resolve::{Sighting, find_by_alias, resolve};
