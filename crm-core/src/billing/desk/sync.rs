//! The asking for the truth of one customer, and the writing of it.
//!
//! The number of a fetch is taken before it is begun, under the lock of the customer's row. A fetch that was begun after
//! the last event sees at least what that event told, so the fetch that was begun last wins and an older one is dropped,
//! whichever arrives first.

use std::time::Duration;

use super::event_record::{DeskEvent, ReceivedEvent, ReceivedState};
use super::jobs;
use super::office::{Desk, linked, may_try_again};
use super::provisional::is_out_of_reach;
use crate::access::{OrganizationId, Permission};
use crate::agenda::Job;
use crate::billing::access::decide;
use crate::billing::account::{Applied, Fetched, apply, snapshot};
use crate::billing::bundle::session_in;
use crate::billing::catalogue::{Catalogue, ServicePrice};
use crate::billing::dunning::notices_at;
use crate::billing::external::ExternalId;
use crate::billing::gateway::GatewayError;
use crate::billing::truth::{CustomerTruth, InvoiceStatus, SubscriptionStatus};
use crate::kernel::{Id, Predicate, Result, Stored, Timestamp};
use crate::store::UnitOfWork;

/// How long an event may wait for its customer to become known; our own record of it may not be committed yet.
const ORPHAN_AFTER: Duration = Duration::from_mins(10);
/// How often such an event is looked at meanwhile.
const ORPHAN_PAUSE: Duration = Duration::from_secs(30);

/// What asking for a customer's truth came to.
#[derive(Clone, Debug, PartialEq)]
pub enum Synced {
    /// It was asked for, and this came of writing it.
    Fetched(Applied),
    /// Nobody knows the customer.
    UnknownCustomer,
}

/// What is known when a fetch begins.
pub(super) struct Begun {
    pub(super) seq: i64,
    pub(super) tenant: OrganizationId,
    pub(super) catalogue: Catalogue,
    pub(super) waiting: Vec<Stored<ReceivedEvent>>,
    pub(super) synced_at: Option<Timestamp>,
}

impl Desk<'_> {
    /// Fetches the truth of a customer now and writes it.
    ///
    /// # Errors
    /// Those of the provider and the store; then it can be done again.
    pub async fn sync(&self, customer: &ExternalId) -> Result<Synced> {
        self.sync_for(customer, None).await
    }

    /// Fetches and writes, and finishes the job that asked for it.
    async fn sync_for(&self, customer: &ExternalId, job: Option<&Stored<Job>>) -> Result<Synced> {
        let Some(begun) = self.begin_fetch(customer).await? else {
            return Ok(Synced::UnknownCustomer);
        };
        self.keep_reversals(&begun).await?;
        let fetched = match self.fetch(customer, begun.seq).await {
            Err(error) if is_out_of_reach(&error) => {
                self.go_by_events(customer, &begun).await?;
                // It is still to be asked.
                return Err(error);
            }
            answer => answer?,
        };
        let stuck = stuck(&fetched);
        let (applied, changes_at) = self.write(&begun, fetched).await?;
        if applied.written && applied.changed > 0 {
            self.billing.announce(begun.tenant);
        }
        for subscription in &stuck {
            self.billing.gateway.finalise_drafts(subscription).await?;
        }
        self.settle(customer, &begun, &applied, changes_at, job).await?;
        Ok(Synced::Fetched(applied))
    }

    async fn begin_fetch(&self, customer: &ExternalId) -> Result<Option<Begun>> {
        let mut tries = 1;
        loop {
            match self.begin_fetch_once(customer).await {
                Err(error) if may_try_again(&error, &mut tries) => {}
                outcome => return outcome,
            }
        }
    }

    async fn begin_fetch_once(&self, customer: &ExternalId) -> Result<Option<Begun>> {
        let mut uow = self.session.begin(Permission::AgendaRun).await?;
        let Some(known) = linked(&mut uow, customer).await? else { return Ok(None) };
        let mut link = uow.lock(known.id).await?;
        link.value.fetch_seq += 1;
        let link = uow.save_part(link).await?;
        let waiting = waiting(&mut uow, customer).await?;
        let catalogue = catalogue(&mut uow).await?;
        uow.commit().await?;
        let (seq, tenant, synced_at) = (link.fetch_seq, link.tenant_id, link.synced_at);
        Ok(Some(Begun { seq, tenant, catalogue, waiting, synced_at }))
    }

    async fn fetch(&self, customer: &ExternalId, seq: i64) -> Result<Fetched> {
        let gateway = &self.billing.gateway;
        let gone = || CustomerTruth { id: customer.clone(), deleted: true, default_payment_method: None };
        let truth = match gateway.customer(customer).await {
            Err(GatewayError::NotFound { .. }) => gone(),
            answer => answer?,
        };
        let (mut invoices, mut payment_methods) = (Vec::new(), Vec::new());
        let subscriptions = match gateway.subscriptions(customer).await {
            Err(GatewayError::NotFound { .. }) if truth.deleted => Vec::new(),
            answer => answer?,
        };
        if !truth.deleted {
            invoices = gateway.invoices(customer).await?;
            payment_methods = gateway.payment_methods(customer).await?;
        }
        Ok(Fetched { seq, customer: truth, subscriptions, invoices, payment_methods, provisional: false })
    }

    async fn write(&self, begun: &Begun, fetched: Fetched) -> Result<(Applied, Option<Timestamp>)> {
        let mut tries = 1;
        loop {
            match self.write_once(begun, fetched.clone()).await {
                Err(error) if may_try_again(&error, &mut tries) => {}
                outcome => return outcome,
            }
        }
    }

    async fn write_once(&self, begun: &Begun, fetched: Fetched) -> Result<(Applied, Option<Timestamp>)> {
        let session = session_in(self.session.ports(), begun.tenant);
        let mut uow = session.begin(Permission::AgendaRun).await?;
        let applied = apply(&mut uow, fetched, &begun.catalogue).await?;
        let snapshot = snapshot(&mut uow).await?;
        if applied.changed > 0 {
            let now = uow.now();
            uow.schedule(notices_at(now)).await?;
        }
        let changes_at = decide(&snapshot, &self.billing.policy, uow.now()).next_change_at;
        uow.commit().await?;
        Ok((applied, changes_at))
    }

    /// Notes at the desk what came of a fetch, and finishes the job that asked for it.
    async fn settle(
        &self,
        customer: &ExternalId,
        begun: &Begun,
        applied: &Applied,
        changes_at: Option<Timestamp>,
        job: Option<&Stored<Job>>,
    ) -> Result<()> {
        let mut tries = 1;
        loop {
            match self.settle_once(customer, begun, applied, changes_at, job).await {
                Err(error) if may_try_again(&error, &mut tries) => {}
                outcome => return outcome,
            }
        }
    }

    async fn settle_once(
        &self,
        customer: &ExternalId,
        begun: &Begun,
        applied: &Applied,
        changes_at: Option<Timestamp>,
        job: Option<&Stored<Job>>,
    ) -> Result<()> {
        let mut uow = self.session.begin(Permission::AgendaRun).await?;
        if let Some(job) = job {
            uow.finish(job).await?;
        }
        let Some(known) = linked(&mut uow, customer).await? else { return uow.commit().await };
        let mut link = uow.lock(known.id).await?;
        let still_waiting = waiting(&mut uow, customer).await?;
        // Nobody told of what was found: neither an event before the fetch, nor one that came while it ran.
        let untold = applied.changed > 0 && link.synced_at.is_some() && still_waiting.is_empty();
        if untold && begun.waiting.is_empty() {
            link.value.drift += applied.changed;
            uow.say(&link, &DeskEvent::DriftFound { records: applied.changed })?;
        }
        if applied.written {
            link.value.synced_at = Some(uow.now());
            link.value.access_changes_at = changes_at;
        }
        for price in &applied.unknown_prices {
            uow.say(&link, &DeskEvent::UnknownPrice { price: price.clone() })?;
        }
        for status in &applied.unknown_statuses {
            uow.say(&link, &DeskEvent::UnknownStatus { status: status.clone() })?;
        }
        uow.save_part(link).await?;
        let was_waiting = |event: &Stored<ReceivedEvent>| begun.waiting.iter().any(|known| known.id == event.id);
        for mut event in still_waiting.into_iter().filter(was_waiting) {
            event.value.state = ReceivedState::Settled;
            uow.save_part(event).await?;
        }
        uow.commit().await
    }

    /// Does a [`jobs::SYNC`] job. An unknown customer is waited for, and its events are orphaned in the end.
    ///
    /// # Errors
    /// Those of the provider and the store; the job is to be tried again then.
    pub async fn run_sync(&self, job: &Stored<Job>) -> Result<()> {
        let customer = job.payload.get("customer").and_then(|id| id.as_str()).and_then(|id| id.parse().ok());
        let Some(customer) = customer else { return self.drop_job(job).await };
        match self.sync_for(&customer, Some(job)).await? {
            Synced::Fetched(_) => Ok(()),
            Synced::UnknownCustomer => self.wait_for(&customer, job).await,
        }
    }

    /// Does a [`jobs::IDENTIFY`] job: finds out whom an event concerns, and has that customer's truth fetched.
    ///
    /// # Errors
    /// Those of the provider and the store; the job is to be tried again then.
    pub async fn run_identify(&self, job: &Stored<Job>) -> Result<()> {
        let id = job.payload.get("event").and_then(|id| id.as_str()).and_then(|id| id.parse::<Id<_>>().ok());
        let Some(id) = id else { return self.drop_job(job).await };
        let Some(event) = self.session.begin(Permission::BillingRead).await?.find::<ReceivedEvent>(id).await? else {
            return self.drop_job(job).await;
        };
        let customer = match &event.object {
            Some(object) => match self.billing.gateway.customer_of(object).await {
                Err(GatewayError::NotFound { .. }) => None,
                answer => answer?,
            },
            None => None,
        };
        let mut uow = self.session.begin(Permission::AgendaRun).await?;
        uow.finish(job).await?;
        let mut event = uow.lock(event.id).await?;
        match customer {
            Some(customer) => {
                let now = uow.now();
                uow.schedule(jobs::sync(&customer, now)).await?;
                event.value.customer_id = Some(customer);
            }
            None => event.value.state = ReceivedState::Unconcerned,
        }
        uow.save_part(event).await?;
        uow.commit().await
    }

    async fn wait_for(&self, customer: &ExternalId, job: &Stored<Job>) -> Result<()> {
        let mut uow = self.session.begin(Permission::AgendaRun).await?;
        uow.finish(job).await?;
        let now = uow.now();
        let mut waits = false;
        for mut event in waiting(&mut uow, customer).await? {
            if now.since(event.created_at) < ORPHAN_AFTER {
                waits = true;
            } else {
                event.value.state = ReceivedState::Orphaned;
                uow.save_part(event).await?;
            }
        }
        if waits {
            uow.schedule(jobs::sync(customer, now.plus(ORPHAN_PAUSE))).await?;
        }
        uow.commit().await
    }

    pub(super) async fn drop_job(&self, job: &Stored<Job>) -> Result<()> {
        let mut uow = self.session.begin(Permission::AgendaRun).await?;
        uow.finish(job).await?;
        uow.commit().await
    }
}

/// Subscriptions that stay unpaid although the last bill is paid: what came due meanwhile are drafts that nobody sends.
fn stuck(fetched: &Fetched) -> Vec<ExternalId> {
    let unpaid = fetched.subscriptions.iter().filter(|truth| truth.status == SubscriptionStatus::Unpaid);
    let is_stuck = |id: &&ExternalId| {
        let own = || fetched.invoices.iter().filter(|invoice| invoice.subscription.as_ref() == Some(id));
        let billed = own().filter(|invoice| !matches!(invoice.status, InvoiceStatus::Draft | InvoiceStatus::Void));
        let last = billed.max_by_key(|invoice| invoice.created_at);
        last.is_some_and(|invoice| invoice.status == InvoiceStatus::Paid)
            && own().any(|invoice| invoice.status == InvoiceStatus::Draft)
    };
    unpaid.map(|truth| &truth.id).filter(is_stuck).cloned().collect()
}

async fn waiting(uow: &mut UnitOfWork<'_>, customer: &ExternalId) -> Result<Vec<Stored<ReceivedEvent>>> {
    let waiting = ReceivedEvent::STATE.is(ReceivedState::Waiting.as_str());
    uow.list_all(&ReceivedEvent::CUSTOMER.is(customer.as_str()).and(waiting)).await
}

/// The catalogue of the desk that the unit of work is in.
pub(in crate::billing) async fn catalogue(uow: &mut UnitOfWork<'_>) -> Result<Catalogue> {
    let prices = uow.list_all(&Predicate::<ServicePrice>::everything()).await?;
    Ok(Catalogue::new(prices.into_iter().map(|row| row.value).collect()))
}
