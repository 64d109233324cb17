//! Duplicates: which records are of one person or company, how sure that is, and what to do about it.
mod compare;
mod dedupe;
mod explain;
mod findings;
mod profile;
mod score;
mod weights;

pub use dedupe::{MOST_HOLDERS, Pair, dedupe, groups};
pub use profile::Profile;
pub use score::{AUTOMATIC, LIKELY, Match, REPORT, score};
