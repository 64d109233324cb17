//! What is gone by while the provider cannot be asked: the words of its own events, for the time being.
//!
//! Only what happened after the last fetch counts, so that a late event never undoes what is known. Of the events of one
//! subscription the one counts that is last in one order of them all, an end before everything else: whatever order they
//! arrive in, the same comes of it. What is written so is marked, never counts as a fetch, and is overwritten by the next
//! one; the events keep waiting for that.

use std::collections::BTreeMap;

use super::event_record::ReceivedEvent;
use super::office::{Desk, may_try_again};
use super::sync::Begun;
use crate::access::Permission;
use crate::billing::account::{Fetched, apply};
use crate::billing::bundle::session_in;
use crate::billing::external::ExternalId;
use crate::billing::gateway::GatewayError;
use crate::billing::truth::{CustomerTruth, SubscriptionTruth};
use crate::kernel::{Error, Result, Timestamp};

/// Whether the provider may answer later, and events are what there is until then.
pub(super) fn is_out_of_reach(error: &Error) -> bool {
    error.downcast_ref::<GatewayError>().is_some_and(GatewayError::is_passing)
}

/// What events that happened after `known_at` say of each subscription of a customer.
pub(super) fn told<'e>(
    events: impl IntoIterator<Item = &'e ReceivedEvent>,
    customer: &ExternalId,
    known_at: Option<Timestamp>,
) -> Vec<SubscriptionTruth> {
    let mut last: BTreeMap<&ExternalId, (bool, Timestamp, &ExternalId, &SubscriptionTruth)> = BTreeMap::new();
    for event in events.into_iter().filter(|event| known_at.is_none_or(|known_at| event.occurred_at > known_at)) {
        let Some(truth) = event.subscription.as_ref().filter(|truth| truth.customer == *customer) else { continue };
        let told = (truth.status.is_final(), event.occurred_at, &event.external_id, truth);
        let kept = last.entry(&truth.id).or_insert(told);
        if (kept.0, kept.1, kept.2) < (told.0, told.1, told.2) {
            *kept = told;
        }
    }
    last.into_values().map(|(.., truth)| truth.clone()).collect()
}

impl Desk<'_> {
    /// Writes what the waiting events of a customer say themselves, marked as such.
    pub(super) async fn go_by_events(&self, customer: &ExternalId, begun: &Begun) -> Result<()> {
        let subscriptions = told(begun.waiting.iter().map(|event| &event.value), customer, begun.synced_at);
        if subscriptions.is_empty() {
            return Ok(());
        }
        let fetched = Fetched {
            seq: begun.seq,
            customer: CustomerTruth { id: customer.clone(), deleted: false, default_payment_method: None },
            subscriptions,
            invoices: Vec::new(),
            payment_methods: Vec::new(),
            provisional: true,
        };
        let mut tries = 1;
        loop {
            match self.write_told(begun, fetched.clone()).await {
                Err(error) if may_try_again(&error, &mut tries) => {}
                outcome => return outcome,
            }
        }
    }

    async fn write_told(&self, begun: &Begun, fetched: Fetched) -> Result<()> {
        let session = session_in(self.session.ports(), begun.tenant);
        let mut uow = session.begin(Permission::AgendaRun).await?;
        let applied = apply(&mut uow, fetched, &begun.catalogue).await?;
        uow.commit().await?;
        if applied.changed > 0 {
            self.billing.announce(begun.tenant);
        }
        Ok(())
    }
}
