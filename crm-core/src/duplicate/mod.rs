//! Duplicates: which records are of one person or company, how sure that is, and what to do about it.
//!
//! A [`Profile`] is what identifies someone, from a lead, a contact, an account or a form. [`score`] weighs two of them
//! and says why; [`dedupe`] does so for a list. In the store, [`candidates`] looks a profile's keys up (all kinds of
//! records, in every state, whoever owns them) and scores what it finds: blocking is a superset of scoring, so nothing
//! above [`REPORT`] is missed, except by a key that more than [`MOST_HOLDERS`] share, which the evidence then says.
//!
//! What is uncertain is kept as a [`DuplicateFlag`]: `Open`, then `Dismissed` (never brought up again unless reopened)
//! or `Merged`. What a source's duplicates lead to is the tenant's [`DuplicatePolicy`]; [`decide`] is pure, and the
//! intake slice does what it says.
//!
//! Refused: linking or merging what is not certain, a flag of a record with itself, deciding twice. Never shown: values
//! of records that the caller may not see. Said: `duplicate_flag.…` and `duplicate_policy.…`.

mod candidate;
mod compare;
mod dedupe;
mod explain;
mod findings;
mod flag;
mod policy;
mod profile;
mod records;
mod score;
mod service;
mod weights;

#[cfg(test)]
mod tests;

pub use candidate::{Band, Candidate, Hit, MOST_COMPARED, candidates, candidates_for};
pub use dedupe::{MOST_HOLDERS, Pair, dedupe, groups};
pub use flag::{DuplicateFlag, DuplicateFlagId, FlagEvent, FlagRefusal, FlagState, find_flag, flag_candidates};
pub use policy::{
    Action, Decision, DuplicatePolicy, DuplicatePolicyId, PolicyEvent, PolicyRefusal, decide, default_action,
};
pub use profile::Profile;
pub use score::{AUTOMATIC, LIKELY, Match, REPORT, score};
pub use service::{Duplicates, FlaggedPair, policies};
