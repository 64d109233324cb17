//! Duplicates: which records are of one person or company, how sure that is, and what to do about it.
//!
//! A [`Profile`] is what identifies someone, from a lead, a contact, an account or a form. [`score`] weighs two of them
//! and says why; [`dedupe`] does so for a list. In the store, [`candidates`] looks a profile's keys up (all kinds of
//! records, in every state, whoever owns them) and scores what it finds. Blocking is a superset of scoring, so nothing
//! above [`REPORT`] is missed, but for keys that more than [`MOST_HOLDERS`] share, of which the evidence tells.
//!
//! What happens on a match is a [`DuplicatePolicy`] by source and certainty; intake does what it says. Pairs that a
//! person should look at are [`DuplicateFlag`]s: `Open`, then `Dismissed` (not brought up again, unless reopened) or
//! `Merged`. A caller learns of a record that they may not see only that there is one ([`shown`]).
//!
//! Refused: linking or merging what is not certain, deciding a pair twice. Said: `duplicate.flagged`,
//! `duplicate.dismissed`, `duplicate.merged`, `duplicate.reopened`, `duplicate.dropped`, `duplicate_policy.set`,
//! `duplicate_policy.deleted`.

mod candidate;
mod compare;
mod dedupe;
mod explain;
mod findings;
mod flag;
mod holders;
mod policy;
mod profile;
mod records;
mod score;
mod service;
mod unwritten;
mod weights;

#[cfg(test)]
mod tests;

pub use candidate::{Candidate, Hit, MOST_COMPARED, candidates, hidden, holders_of, shown, unseen};
pub use dedupe::{MOST_HOLDERS, Pair, dedupe, groups};
pub use flag::{
    DuplicateFlag, DuplicateFlagEvent, DuplicateFlagId, FlagRefusal, FlagState, drop_flags, find_flag, merge_flags,
    raise_flags,
};
pub use policy::{
    Action, Certainty, Decision, DuplicatePolicy, DuplicatePolicyEvent, DuplicatePolicyId, Policies, TooUnsure,
};
pub use profile::Profile;
pub use records::existing;
pub use score::{AUTOMATIC, LIKELY, Match, REPORT, score};
pub use service::{Duplicates, FlaggedPair};
pub use unwritten::Unwritten;
