//! Leads: people or companies who may become customers.
//!
//! A [`Lead`] is `New`, `Contacted`, `Qualified` or `Unqualified`, and `Converted` only through the conversion slice. A
//! tenant's own labels ([`StatusLabel`]) each stand for one of these. Marketing contacts are kept as a list of
//! [`Touch`]es, of which the first never changes. The score in the record is a copy as of `scored_at`; the truth is
//! computed by the scoring slice, of which a changed lead asks it by a job ([`RECOMPUTE`]). Removing is in `removal`.
//!
//! Refused: any change to a converted lead, a step that the table of states has not ([`LeadStatus::may_become`]), a
//! lead without name, company, address and number. Said: `lead.created`, `lead.changed`, `lead.contacted`,
//! `lead.qualified`, `lead.disqualified`, `lead.reopened`, `lead.assigned`, `lead.converted`, `lead.touched`,
//! `lead.merged`, `lead.merged_into`, `lead.deleted`. Merging is in `merge`.

mod event;
mod fields;
mod jobs;
mod model;
mod queries;
mod service;
mod status;
mod touch;
mod touching;

pub use event::LeadEvent;
pub use jobs::{RECOMPUTE, SCORED, stop_recomputing};
pub use model::{Lead, LeadId, LeadPatch, LeadRefusal, NewLead};
pub use queries::{LeadReport, open_leads_of};
pub use service::{LeadDraft, Leads, insert_leads, put_into, save_lead};
pub use status::{LeadStatus, StatusLabel, StatusLabelEvent, StatusLabelId};
pub use touch::{Touch, TouchDetails, move_touches};
pub use touching::{NewTouch, add_touches};

#[cfg(test)]
mod tests;
