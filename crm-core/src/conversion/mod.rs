//! Conversion: a lead lives on as contact, account and opportunity.
//!
//! Each of the three is made, chosen among those that exist, matched to a certain duplicate, or left out
//! ([`Target`]). [`plan`] is pure: from the facts it says what will be made, which empty fields of existing records will
//! be filled, which values conflict and stay as they are, what moves along, and everything that stands in the way: the
//! lead's own state, the guard of the stage that a deal would begin in, what custom fields demand. The plan is the dry
//! run, and [`Conversions::execute`] consumes the very same value: it refuses when any record that the plan rests on has
//! moved since.
//!
//! Nothing is copied: activities are linked, and the open ones get the new owner; tags are united, custom values go where the mapping says ([`Mapping`])
//! and stay readable on the lead, which is read-only from then on. There is one [`Conversion`] for a lead; asking again
//! with the same command key, or with none, answers with it. Said: `lead.converted`, `contact.created` or
//! `….enriched`, `account.…`, `opportunity.created`, `conversion.mapping_changed`.

mod apply;
mod choices;
mod facts;
mod gather;
mod mapping;
mod model;
mod obstacles;
mod plan;
mod service;

#[cfg(test)]
mod tests;

pub use choices::{ConversionChoices, NewDeal, Target};
pub use facts::{DealStart, Facts};
pub use mapping::{Mapping, MappingError, MappingEvent, MappingRule};
pub use model::{Conversion, ConversionId, ConversionRefusal};
pub use plan::{Conflict, Fill, Outcome, Plan, Violation, plan};
pub use service::Conversions;
