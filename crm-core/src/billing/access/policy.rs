//! What the operator decides about access.

use std::time::Duration;

use serde::{Deserialize, Serialize};

const DAY: Duration = Duration::from_hours(24);

/// What the operator decides about access.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AccessPolicy {
    /// How long everything stays open after a payment has failed, from the invoice on. 7 days.
    pub grace: Duration,
    /// How long a period counts as renewed while nobody has told us. 3 days: an hour of draft and the provider's retries.
    pub lease: Duration,
    /// How long what is there may still be seen after the end. Nothing.
    pub export_after_end: Duration,
    /// After how long without payment nothing is open any more; never, if not given.
    pub suspend_after: Option<Duration>,
    /// Whether a pause of collection closes what it leaves unpaid. Otherwise it is free service, as providers mean it.
    pub collection_pause_closes: bool,
}

impl Default for AccessPolicy {
    fn default() -> Self {
        Self {
            grace: DAY * 7,
            lease: DAY * 3,
            export_after_end: Duration::ZERO,
            suspend_after: None,
            collection_pause_closes: false,
        }
    }
}
