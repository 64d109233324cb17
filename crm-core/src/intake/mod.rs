//! Intake: the one way in for leads, whatever brings them: form, API, import, message.
//!
//! A [`Submission`] names its source and, where the source has one, its own identifier: the same pair a second time
//! answers with the first outcome and does nothing ([`Capture`]). Every submission is compared with what is known; what
//! happens on a match is the organization's duplicate policy, or what the submission asks for ([`OnMatch`]). Known
//! people are linked or filled in, and what is trusted already is never overwritten unless that is asked for. New leads
//! are scored and assigned in the same commit.
//!
//! Who asks that known leads be filled or overwritten needs the permission to change leads, and changes those alone that
//! they see; the others are linked. An owner is named by who may assign leads, and is an active member.
//!
//! Batches of one organization are taken one after the other, so that two submissions of one new person at the same time
//! make one lead. A batch is judged in order, each submission also against those before it, and written in few statements. Nothing is
//! written for a submission that is refused, blocked or warned about.

mod batch;
mod check;
mod combine;
mod decision;
mod known;
mod model;
mod service;
mod veil;

#[cfg(test)]
mod tests;

pub use batch::{IntakeRules, capture_batch};
pub use model::{Capture, CaptureOutcome, CaptureRefusal, MatchBy, OnMatch, Submission, move_captures};
pub use service::Intake;
