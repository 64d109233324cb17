//! How the inbox is doing: volume, response and resolution times, in all and by member.
//!
//! Computed from messages and events when asked, never stored. A response time runs from the first message that waits to
//! the first answer by a person; answers of programs end nobody's waiting. Automatic away replies count as volume only.

mod figures;
#[cfg(test)]
mod tests;

pub(crate) use figures::report;
pub use figures::{InboxReport, MemberFigures, Spread};
