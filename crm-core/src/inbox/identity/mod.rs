//! Who a participant is among leads and contacts.
//!
//! What they may be is found by the duplicate engine and shown to a person, who links them. By policy whoever is known by
//! a telephone number is linked, and everybody else becomes a lead, through the one way in for leads. A name never links
//! anybody: two people may share one.

mod recognise;
#[cfg(test)]
mod tests;

pub use recognise::NotAPerson;
pub(crate) use recognise::{lead_of, profile_of, recognise};
