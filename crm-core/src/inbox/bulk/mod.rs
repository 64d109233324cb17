//! Sending one template to many, each once, with a ledger of who got what.
//!
//! draft → running ↔ paused → completed; running or paused → stopped. Recipients come from a segment of leads, a list of
//! numbers or conversations picked by hand; each is one row of the ledger and ends with exactly one outcome, whether the
//! program stops, the platform stumbles or somebody presses start twice. Whoever has not agreed, has asked for no more or
//! can't be reached is skipped with its reason. Bad news about the account pauses everything.

mod ledger;
mod model;
mod run;
mod service;
#[cfg(test)]
mod tests;

pub use ledger::{BulkRecipient, BulkRecipientId, RecipientState};
pub use model::{BulkEvent, BulkPace, BulkRefusal, BulkSend, BulkSendId, BulkState, NewBulkSend, Progress};
pub(crate) use run::{pause_all, run_bulk};
pub use service::{BulkSends, Recipients};

/// The kind of job that does the next step of a bulk sending.
pub const BULK: &str = "inbox.bulk_send";
