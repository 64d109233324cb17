//! Stand-in until the slice is merged.

mod batch;
mod model;

pub use batch::{IntakeRules, capture_batch};
pub use model::{Capture, CaptureOutcome, CaptureRefusal, MatchBy, OnMatch, Submission};
