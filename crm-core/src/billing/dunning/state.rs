//! The state of dunning, and the notices that are due: pure functions of subscription, policy and time.

use std::time::Duration;

use serde::Serialize;

use super::notice::NoticeKind;
use crate::billing::access::{AccessPolicy, Snapshot, open_invoice, unpaid_since};
use crate::billing::account::Subscription;
use crate::billing::external::ExternalId;
use crate::billing::truth::{PauseReason, SubscriptionStatus};
use crate::kernel::Timestamp;

const DAY: Duration = Duration::from_hours(24);
/// How long before the end of grace it is spoken of.
const GRACE_WARNING: Duration = DAY;
/// How long before the end of a trial it is spoken of.
const TRIAL_WARNING: Duration = Duration::from_hours(72);

/// How far a missing payment has gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum DunningStage {
    /// Everything is open.
    Grace,
    /// What is there may be seen.
    ReadOnly,
    /// Nothing is open; the data stays.
    Suspended,
}

/// A payment that is missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Dunning {
    /// The subscription.
    pub subscription: ExternalId,
    /// The invoice that is open, when it is known.
    pub invoice: Option<ExternalId>,
    /// Since when, by the invoice.
    pub since: Timestamp,
    /// How far it has gone.
    pub stage: DunningStage,
    /// When it goes further, if nothing is paid.
    pub next_at: Option<Timestamp>,
}

/// The state of dunning of a subscription; nothing when nothing is missing.
#[must_use]
pub fn dunning(subscription: &Subscription, policy: &AccessPolicy, now: Timestamp) -> Option<Dunning> {
    let over = match subscription.status {
        SubscriptionStatus::PastDue => false,
        // The provider has given up: grace is over, whatever the clock says.
        SubscriptionStatus::Unpaid => true,
        _ => return None,
    };
    let since = unpaid_since(subscription);
    let read_only_at = since.plus(policy.grace);
    let suspended_at = policy.suspend_after.map(|after| since.plus(after.max(policy.grace)));
    let (stage, next_at) = match suspended_at {
        Some(at) if at <= now => (DunningStage::Suspended, None),
        later if over || read_only_at <= now => (DunningStage::ReadOnly, later),
        _ => (DunningStage::Grace, Some(read_only_at)),
    };
    let invoice = open_invoice(subscription).map(|invoice| invoice.id.clone());
    Some(Dunning { subscription: subscription.external_id.clone(), invoice, since, stage, next_at })
}

/// A notice to be given.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Notice {
    /// The invoice or subscription that it is about.
    pub subject: ExternalId,
    /// What it says.
    pub kind: NoticeKind,
    /// The attempt at payment that it follows; 0 when it follows none.
    pub attempt: i64,
    /// From when on it is due.
    pub due_at: Timestamp,
    /// Where the customer sees and pays the invoice.
    pub pay_at: Option<String>,
}

/// All notices that concern a subscription in its present state, past and to come.
fn course_of_notices(subscription: &Subscription, policy: &AccessPolicy) -> Vec<Notice> {
    let truth = &subscription.truth;
    let mut notices = Vec::new();
    let invoice = open_invoice(subscription);
    let mut say = |kind, subject: &ExternalId, attempt, due_at| {
        let pay_at = invoice.and_then(|invoice| invoice.hosted_url.clone());
        notices.push(Notice { subject: subject.clone(), kind, attempt, due_at, pay_at });
    };
    match subscription.status {
        SubscriptionStatus::PastDue | SubscriptionStatus::Unpaid => {
            let since = unpaid_since(subscription);
            let subject = invoice.map_or(&subscription.external_id, |invoice| &invoice.id);
            let attempts = invoice.map_or(1, |invoice| i64::from(invoice.attempt_count));
            say(NoticeKind::PaymentFailed, subject, attempts, since);
            let given_up = subscription.status == SubscriptionStatus::Unpaid
                || invoice.is_some_and(|invoice| invoice.next_payment_attempt.is_none());
            if given_up {
                say(NoticeKind::FinalNotice, subject, 0, since);
            }
            if subscription.status == SubscriptionStatus::PastDue {
                say(NoticeKind::GraceEnding, subject, 0, since.plus(policy.grace).minus(GRACE_WARNING).max(since));
                say(NoticeKind::ReadOnly, subject, 0, since.plus(policy.grace));
            } else {
                say(NoticeKind::ReadOnly, subject, 0, since);
            }
            if let Some(after) = policy.suspend_after {
                say(NoticeKind::Suspended, subject, 0, since.plus(after.max(policy.grace)));
            }
        }
        SubscriptionStatus::Incomplete => {
            if let Some(invoice) = invoice {
                let attempts = i64::from(invoice.attempt_count);
                say(NoticeKind::ActionRequired, &invoice.id, attempts, unpaid_since(subscription));
            }
        }
        SubscriptionStatus::Trialing => {
            if let Some(trial) = truth.trial {
                let begun = trial.start.unwrap_or(truth.created_at);
                say(NoticeKind::TrialEnding, &truth.id, 0, trial.end.minus(TRIAL_WARNING).max(begun));
            }
        }
        SubscriptionStatus::Paused if truth.pause_reason == Some(PauseReason::TrialEndedWithoutPaymentMethod) => {
            let ended = truth.trial.map_or(subscription.observed_at, |trial| trial.end);
            say(NoticeKind::TrialEnded, &truth.id, 0, ended);
        }
        _ => {}
    }
    notices
}

/// The notices that are due at an instant. Each is to be given once.
#[must_use]
pub fn notices_due(snapshot: &Snapshot, policy: &AccessPolicy, now: Timestamp) -> Vec<Notice> {
    let all = snapshot.subscriptions.iter().flat_map(|subscription| course_of_notices(subscription, policy));
    all.filter(|notice| notice.due_at <= now).collect()
}

/// When the next notice is due.
#[must_use]
pub fn next_notice_at(snapshot: &Snapshot, policy: &AccessPolicy, now: Timestamp) -> Option<Timestamp> {
    let all = snapshot.subscriptions.iter().flat_map(|subscription| course_of_notices(subscription, policy));
    all.map(|notice| notice.due_at).filter(|at| *at > now).min()
}
