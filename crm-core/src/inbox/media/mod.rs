//! Fetching what came attached, after the message is safely there.
//!
//! A medium that can't be fetched leaves its message as it is. What a platform wants shown from its own address only is
//! never fetched. Bytes go to the host's [`MediaShelf`]; the store keeps their name and their digest.

mod fetch;
mod shelf;

pub(crate) use fetch::{fetch_later, run_fetch};
#[cfg(feature = "testing")]
pub use shelf::MockMediaShelf;
pub use shelf::{MediaShelf, NoShelf, ShelfError};

/// The kind of job that fetches the media of a message.
pub const FETCH: &str = "inbox.fetch_media";
/// The largest medium that is fetched, in bytes.
pub const LARGEST_MEDIUM: u64 = 100_000_000;
