//! Merging two leads that are one person: what each holds comes together, and the old identifier leads on.
//!
//! [`plan`] is pure and is the dry run: it weighs field by field ([`Choice`]), and says what comes of those in which the
//! two differ. By default the survivor keeps what it has and takes what it lacks; where they came from is told by the older
//! one, the state is the further one, tags and addresses come together, and notes stand one below the other. A value that
//! finds no place stays readable in the event, which holds the whole of the lead that goes.
//!
//! In one transaction everything that names the loser then names the survivor: activities, engagements, touches, captures,
//! flagged pairs, deals and participants of the inbox. The loser goes; its identifier is led on
//! ([`crate::identity::Redirect`]), and the same merge again answers with the survivor. The slice stands above the inbox,
//! since participants are among what names a lead.
//!
//! Refused: a lead with itself, a converted lead, a version that has moved on, an unknown field, more addresses than a lead
//! may have. Said: `lead.merged` of the survivor, `lead.merged_into` of the loser, and the steps and links that follow.

mod apply;
mod model;
mod plan;
mod service;
#[cfg(test)]
mod tests;

pub use model::{Choice, FieldOutcome, LeadMerge, MergeChoices, MergeRefusal};
pub use plan::plan;
pub use service::Merges;
