//! Usage: what an organization has used of what is counted, and how much it may.
//!
//! A counter for each meter and period is the truth for limits; the provider's meters only bill. Use is counted once for
//! each key, however often it is told. A soft limit warns at 80, 90 and 100 %, once each for a period and a limit, so that
//! a raised limit warns anew; a hard limit refuses what would go beyond it.
//!
//! Refused: use beyond a hard limit ([`UsageRefusal`]).

mod count;
mod model;
mod service;

pub use count::{Counted, REPORT as REPORT_USAGE, record_usage, thresholds_reached};
pub(super) use count::{REPORT, run_report};
pub use model::{
    Meter, UsageCounter, UsageCounterId, UsageEvent, UsageLimit, UsageLimitId, UsagePeriod, UsageRecord, UsageRecordId,
    UsageRefusal, UsageWarning, UsageWarningId,
};
pub use service::{LimitDraft, Usage, UsageNow};
