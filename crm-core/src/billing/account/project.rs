//! What a fetch makes of a record. Pure.

use super::subscription::Subscription;
use crate::billing::catalogue::Catalogue;
use crate::billing::external::ExternalId;
use crate::billing::truth::{SubscriptionStatus, SubscriptionTruth};
use crate::kernel::Timestamp;

/// What a subscription is after a fetch, and the prices in it that nobody knows.
///
/// What has ended stays as it ended, whatever a later answer says. What comes from an event's own words keeps the invoice
/// that is known, which events only name.
#[must_use]
pub fn project(
    before: Option<&Subscription>,
    mut truth: SubscriptionTruth,
    catalogue: &Catalogue,
    provisional: bool,
    now: Timestamp,
) -> (Subscription, Vec<ExternalId>) {
    if let Some(before) = before
        && before.status.is_final()
        && !before.provisional
        && !truth.status.is_final()
    {
        return (before.clone(), Vec::new());
    }
    if let (true, None, Some(before)) = (provisional, &truth.latest_invoice, before) {
        truth.latest_invoice.clone_from(&before.truth.latest_invoice);
    }
    let (services, unknown) = catalogue.resolve(&truth.items);
    let known_status = match &truth.status {
        SubscriptionStatus::Other(_) => before.and_then(|before| before.known_status.clone()),
        known => Some(known.clone()),
    };
    let mut after = Subscription {
        external_id: truth.id.clone(),
        customer_id: truth.customer.clone(),
        status: truth.status.clone(),
        known_status,
        truth,
        services,
        provisional,
        observed_at: now,
    };
    // Where every period is known the time of the fetch says nothing; kept, an unchanged record stays untouched.
    if let Some(before) = before
        && after.truth.items.iter().all(|item| item.period.is_some())
    {
        after.observed_at = before.observed_at;
    }
    (after, unknown)
}
