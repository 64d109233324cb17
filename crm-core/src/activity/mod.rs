//! Activities: calls, e-mails, meetings, tasks and notes, and the feed of what happened to a record.
//!
//! An [`Activity`] is `Open`, `Done` or `Cancelled`; a note is done at once. It is linked ([`ActivityLink`]) to one or
//! more leads, contacts, accounts and opportunities. The feed of a record ([`Activities::timeline`]) is a projection
//! over these links and the record's own events: nothing is copied. A conversion adds links ([`copy_links`]), so that
//! history is seen from the new records too. A link may outlive its record.
//!
//! Who sees a record sees every activity about it, whoever did it: a lead that changes hands keeps its history.
//!
//! Refused: an activity linked to nothing, a due date on a note, a direction on a meeting, completing twice, anything
//! but reopening once cancelled. Said: `activity.created`, `….changed`, `….completed`, `….reopened`, `….cancelled`,
//! `….linked`, `….unlinked`, `….deleted`. `activity.completed` names the linked records and when it was done, as
//! does `activity.created` of what was logged as done. The deals that it is linked to are touched then
//! (`opportunity.touched`), from when they rot anew.

mod event;
mod fields;
mod kind;
mod link;
mod model;
mod refusal;
mod service;
mod timeline;

pub use event::ActivityEvent;
pub use kind::{ActivityKind, ActivityStatus, Flow, Priority};
pub use link::{ActivityLink, copy_links, hand_over, links_about, move_links, open_activities, unlink_record};
pub use model::{Activity, ActivityId, ActivityPatch, Completion, NewActivity};
pub use refusal::ActivityRefusal;
pub use service::Activities;
pub use timeline::{TimelineCursor, TimelineEntry, TimelineItem};

#[cfg(test)]
mod tests;
