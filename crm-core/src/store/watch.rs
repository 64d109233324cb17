//! What a store tells of what was committed, in whichever process.
//!
//! A hint and never more: what is told may be lost, and whoever listens looks at the store from time to time all the same.

use async_trait::async_trait;

use crate::access::OrganizationId;

/// Something that a store tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sighting {
    /// What an organization's access depends on has another version.
    Access {
        /// Whose.
        organization: OrganizationId,
        /// The version that was committed.
        version: i64,
    },
    /// Listening has just begun, or begun again: anything may have been committed unheard before.
    Gap,
}

/// Listens to a store.
#[async_trait]
pub trait Watch: Send {
    /// Waits for the next sighting. Dropping the wait loses nothing that comes later.
    async fn next(&mut self) -> Sighting;
}

/// A listener to some store.
pub type BoxWatch<'a> = Box<dyn Watch + 'a>;
