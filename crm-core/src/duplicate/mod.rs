//! Stand-in until the slice is merged.

use serde::{Deserialize, Serialize};

use crate::identity::RecordRef;
use crate::kernel::Explanation;

/// A record that may be the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// The record.
    pub record: RecordRef,
    /// How certain, in thousandths.
    pub confidence: u16,
    /// Why.
    pub evidence: Explanation,
}
