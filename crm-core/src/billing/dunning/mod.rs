//! Dunning: what happens while payment is missing, and what is said when.
//!
//! The state follows from the subscription, the policy and the clock; nothing of it is stored but the notices, each of
//! which goes out once. Grace, then a look at what is there, then (when the policy says so) nothing; the data stays, and
//! the first paid invoice restores everything at once.
//!
//! | notice | when |
//! |---|---|
//! | action required | when the first payment waits for the customer |
//! | payment failed | with each failed attempt, also where the bank wants a confirmation |
//! | final notice | when payment is not tried again |
//! | grace ending | a day before the grace ends |
//! | read only, suspended | when that happens |
//! | recovered | when it is paid after all |
//! | trial ending | three days before the trial's end |
//! | trial ended | when it ended without a payment method |

mod notice;
mod state;

pub use notice::{BillingNotice, BillingNoticeEvent, BillingNoticeId, NOTICES, NoticeKind};
pub(super) use notice::{notices_at, run_notices};
pub use state::{Dunning, DunningStage, Notice, dunning, next_notice_at, notices_due};
