//! Channels without a platform: a scripted one, a vault that checks places, and scenarios of events in any order.

mod front_desk;
#[expect(clippy::indexing_slicing, reason = "an absent key of JSON reads as null; nothing here is part of a product")]
mod scenario;
mod scripted;
mod shelf;
mod vault;

pub use front_desk::{FrontDesk, example};
pub use scenario::{Scenario, Stage};
pub use scripted::ScriptedChannel;
pub use shelf::MemoryShelf;
pub use vault::PlaceVault;
