//! Channels without a platform: a scripted one, a vault that checks places, and scenarios of events in any order.

#[expect(clippy::indexing_slicing, reason = "an absent key of JSON reads as null; nothing here is part of a product")]
mod scenario;
mod scripted;
mod vault;

pub use scenario::{Scenario, Stage};
pub use scripted::ScriptedChannel;
pub use vault::PlaceVault;
