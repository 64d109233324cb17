//! The notices that were given, and the job that gives them.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::state::{Notice, dunning, next_notice_at, notices_due};
use crate::agenda::Job;
use crate::billing::access::AccessPolicy;
use crate::billing::account::snapshot;
use crate::billing::external::ExternalId;
use crate::kernel::{
    Column, DomainEvent, Entity, Field, Id, Key, Predicate, Result, Stored, Timestamp, Value, ValueRef,
};
use crate::store::UnitOfWork;

/// Identifier of a notice.
pub type BillingNoticeId = Id<BillingNotice>;

/// The kind of job that gives the notices that are due.
pub const NOTICES: &str = "billing.notices";

/// What a notice says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    /// The first payment waits for the customer: for a confirmation to the bank, or for another card.
    ActionRequired,
    /// A payment has failed.
    PaymentFailed,
    /// Payment is not tried again by itself.
    FinalNotice,
    /// Grace ends in a day.
    GraceEnding,
    /// What is there may be seen and no more.
    ReadOnly,
    /// Nothing is open any more.
    Suspended,
    /// It is paid after all, and everything is open again.
    Recovered,
    /// The trial ends in three days.
    TrialEnding,
    /// The trial has ended without a payment method.
    TrialEnded,
}

impl NoticeKind {
    /// The name in JSON and in stores.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ActionRequired => "action_required",
            Self::PaymentFailed => "payment_failed",
            Self::FinalNotice => "final_notice",
            Self::GraceEnding => "grace_ending",
            Self::ReadOnly => "read_only",
            Self::Suspended => "suspended",
            Self::Recovered => "recovered",
            Self::TrialEnding => "trial_ending",
            Self::TrialEnded => "trial_ended",
        }
    }

    /// Whether it speaks of a missing payment.
    const fn is_dunning(self) -> bool {
        !matches!(self, Self::ActionRequired | Self::Recovered | Self::TrialEnding | Self::TrialEnded)
    }
}

/// A notice that was given. Its event is what a workflow or a mailer reacts to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BillingNotice {
    /// The invoice or subscription that it is about.
    pub subject_id: ExternalId,
    /// The subscription.
    pub subscription_id: ExternalId,
    /// What it says.
    pub kind: NoticeKind,
    /// The attempt at payment that it follows; 0 when it follows none.
    pub attempt: i64,
    /// From when on it was due.
    pub due_at: Timestamp,
}

impl BillingNotice {
    /// The invoice or subscription that it is about.
    pub const SUBJECT: Column<Self, String> =
        Column::required_indexed("subject_id", |row| ValueRef::Text(row.subject_id.as_str()));
}

impl Entity for BillingNotice {
    const NAME: &'static str = "billing_notice";
    const FIELDS: &'static [Field<Self>] = &[Self::SUBJECT.field()];
    const UNIQUE: &'static [Key<Self>] = &[Key {
        name: "once",
        columns: &["subject_id", "kind", "attempt"],
        read: |notice| {
            let (subject, kind) = (notice.subject_id.to_string(), notice.kind.as_str().to_owned());
            Some(vec![Value::Text(subject), Value::Text(kind), Value::Integer(notice.attempt)])
        },
    }];
}

/// What happens to notices.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BillingNoticeEvent {
    /// It is to be given to the organization's owners now.
    Due {
        /// What it says.
        kind: NoticeKind,
        /// Where the customer sees and pays the invoice.
        pay_at: Option<String>,
    },
}

impl DomainEvent for BillingNoticeEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Due { .. } => "billing_notice.due",
        }
    }
}

/// The giving of notices at an instant.
pub(in crate::billing) fn notices_at(at: Timestamp) -> Job {
    Job::at(at, NOTICES, Json::Null).unique(NOTICES)
}

/// Does a [`NOTICES`] job in the unit of work that finishes it: gives what is due and not given yet, says when a missing
/// payment has come after all, and looks again when the next notice is due.
pub(in crate::billing) async fn run_notices(uow: &mut UnitOfWork<'_>, policy: &AccessPolicy) -> Result<()> {
    let now = uow.now();
    let snapshot = snapshot(uow).await?;
    let given = uow.list_all(&Predicate::<BillingNotice>::everything()).await?;
    let known: BTreeSet<_> =
        given.iter().map(|notice| (notice.subject_id.clone(), notice.kind, notice.attempt)).collect();
    // What is only told by events is not spoken of: the truth may name another invoice.
    for subscription in snapshot.subscriptions.iter().filter(|one| !one.provisional) {
        let one = crate::billing::Snapshot { subscriptions: vec![subscription.clone()], ..Default::default() };
        for notice in notices_due(&one, policy, now) {
            if !known.contains(&(notice.subject.clone(), notice.kind, notice.attempt)) {
                give(uow, notice, &subscription.external_id).await?;
            }
        }
        if dunning(subscription, policy, now).is_none() && !subscription.status.is_final() {
            for subject in unrecovered(&given, &subscription.external_id) {
                let pay_at = None;
                let notice = Notice { subject, kind: NoticeKind::Recovered, attempt: 0, due_at: now, pay_at };
                give(uow, notice, &subscription.external_id).await?;
            }
        }
    }
    match next_notice_at(&snapshot, policy, now) {
        Some(next) => uow.schedule(notices_at(next)).await,
        None => Ok(()),
    }
}

/// The invoices of a subscription that were dunned for and not said to have been paid.
fn unrecovered(given: &[Stored<BillingNotice>], subscription: &ExternalId) -> BTreeSet<ExternalId> {
    let own = given.iter().filter(|notice| notice.subscription_id == *subscription);
    let (dunned, others): (Vec<_>, Vec<_>) = own.partition(|notice| notice.kind.is_dunning());
    let recovered = |subject: &ExternalId| {
        others.iter().any(|notice| notice.kind == NoticeKind::Recovered && notice.subject_id == *subject)
    };
    dunned.into_iter().map(|notice| notice.subject_id.clone()).filter(|subject| !recovered(subject)).collect()
}

async fn give(uow: &mut UnitOfWork<'_>, notice: Notice, subscription: &ExternalId) -> Result<()> {
    let Notice { subject, kind, attempt, due_at, pay_at } = notice;
    let record = BillingNotice { subject_id: subject, subscription_id: subscription.clone(), kind, attempt, due_at };
    uow.insert(record, BillingNoticeEvent::Due { kind, pay_at }).await.map(drop)
}
