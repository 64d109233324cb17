//! Duplicates: which records are of one person or company, how sure that is, and what to do about it.
//!
//! A [`Profile`] holds what identifies a person or company. [`score`] judges two of them and gives its reasons; looking
//! up [`Profile::blocking_keys`] misses nothing that it would report. [`candidates`] does so among everything that is
//! stored, whoever owns it. What happens on a match is a [`DuplicatePolicy`] by source and certainty; pairs that a person
//! should look at are [`DuplicateFlag`]s, open or dismissed. Said: `duplicate.flagged`, `duplicate.dismissed`,
//! `duplicate_policy.set`.

mod compare;
mod dedupe;
mod explain;
mod findings;
mod flag;
mod policy;
mod profile;
mod score;
mod search;
mod service;
mod weights;

pub use dedupe::{MOST_HOLDERS, Pair, dedupe, groups};
pub use flag::{DuplicateFlag, DuplicateFlagEvent, DuplicateFlagId, FlagState, raise_flags};
pub use policy::{Action, Certainty, Decision, DuplicatePolicy, DuplicatePolicyEvent, DuplicatePolicyId, Policies};
pub use profile::Profile;
pub use score::{AUTOMATIC, LIKELY, Match, REPORT, score};
pub use search::{Candidate, Unwritten, candidates, holders_of};
pub use service::Duplicates;
