//! What the desk leaves for later.

use serde_json::json;

use super::event_record::ReceivedEventId;
use crate::agenda::Job;
use crate::billing::external::ExternalId;
use crate::kernel::Timestamp;

/// The kind of job that fetches the truth of one customer.
pub const SYNC: &str = "billing.sync";
/// The kind of job that finds out whom an event concerns.
pub const IDENTIFY: &str = "billing.identify";
/// The kind of job that asks for events that were not delivered, and for customers whose access is about to change.
pub const SWEEP: &str = "billing.sweep";
/// The kind of job that goes through all customers, some at a time.
pub const RECONCILE: &str = "billing.reconcile";

/// The fetching of a customer's truth. There is one for each customer at most: what comes while it waits is covered by
/// it, and what comes while it runs has it run again.
pub(super) fn sync(customer: &ExternalId, at: Timestamp) -> Job {
    Job::at(at, SYNC, json!({ "customer": customer })).unique(format!("{SYNC}:{customer}"))
}

/// The finding out of whom an event concerns.
pub(super) fn identify(event: ReceivedEventId, at: Timestamp) -> Job {
    Job::at(at, IDENTIFY, json!({ "event": event })).unique(format!("{IDENTIFY}:{event}"))
}

/// The next sweep.
pub(super) fn sweep(at: Timestamp) -> Job {
    Job::at(at, SWEEP, json!({})).unique(SWEEP)
}

/// The next part of the pass through all customers, from behind `after` on.
pub(super) fn reconcile(after: Option<uuid::Uuid>, at: Timestamp) -> Job {
    Job::at(at, RECONCILE, json!({ "after": after })).unique(RECONCILE)
}
