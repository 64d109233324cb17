//! What makes up for events that never came: asking for those that could not be delivered, looking at customers whose
//! access is about to change, and a pass through all customers.

use std::time::Duration;

use super::customer::BillingCustomer;
use super::event_record::{ReceivedEvent, ReceivedState};
use super::jobs;
use super::office::{Desk, may_try_again};
use crate::access::Permission;
use crate::agenda::Job;
use crate::kernel::{Direction, Page, Predicate, Result, Stored, Timestamp};

/// How often the provider is asked for what it could not deliver.
const SWEEP_PAUSE: Duration = Duration::from_mins(15);
/// How far back it is asked. Longer than any outage of ours that nobody notices.
const SWEEP_REACH: Duration = Duration::from_hours(72);
/// Customers whose access changes this soon are fetched before it does.
const LOOK_AHEAD: Duration = Duration::from_hours(1);
/// How many customers one part of the pass has fetched, and how long it rests then: 5 a second at most.
const PASS_SIZE: u32 = 50;
const PASS_PAUSE: Duration = Duration::from_secs(10);
/// How long after its end the pass begins again.
const PASS_REST: Duration = Duration::from_hours(24);

/// What a sweep has found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Events that the provider could not deliver and that we did not have.
    pub missed: u32,
    /// Customers that are fetched anew.
    pub fetching: u32,
}

impl Desk<'_> {
    /// Puts the sweeps and the pass on the agenda, where they stay. Doing so again changes nothing.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn begin_sweeping(&self) -> Result<()> {
        let mut uow = self.session.begin(Permission::AgendaRun).await?;
        let now = uow.now();
        if uow.scheduled(jobs::SWEEP).await?.is_none() {
            uow.schedule(jobs::sweep(now)).await?;
        }
        if uow.scheduled(jobs::RECONCILE).await?.is_none() {
            uow.schedule(jobs::reconcile(None, now)).await?;
        }
        uow.commit().await
    }

    /// Takes up what the provider could not deliver, and has the customers fetched whose access is about to change.
    ///
    /// # Errors
    /// Those of the provider and the store.
    pub async fn sweep(&self) -> Result<Swept> {
        let mut swept = Swept::default();
        let now = self.session.ports().clock.now();
        for event in self.billing.gateway.undelivered_events(now.minus(SWEEP_REACH)).await? {
            if self.receive(event).await? == super::office::Received::Stored {
                swept.missed += 1;
            }
        }
        let mut tries = 1;
        swept.fetching = loop {
            match self.fetch_soon(now).await {
                Err(error) if may_try_again(&error, &mut tries) => {}
                outcome => break outcome?,
            }
        };
        Ok(swept)
    }

    /// Puts the fetching of those whose access is about to change on the agenda; answers how many they are.
    async fn fetch_soon(&self, now: Timestamp) -> Result<u32> {
        let mut uow = self.session.begin(Permission::AgendaRun).await?;
        let soon = BillingCustomer::ACCESS_CHANGES_AT.at_most(now.plus(LOOK_AHEAD));
        let mut count = 0;
        for mut customer in uow.list_all(&soon).await? {
            uow.schedule(jobs::sync(&customer.customer_id, now)).await?;
            // Fetched once for each change; the fetch names the next one.
            customer.value.access_changes_at = None;
            uow.save_part(customer).await?;
            count += 1;
        }
        uow.commit().await?;
        Ok(count)
    }

    /// Does a [`jobs::SWEEP`] job and puts the next one on the agenda.
    ///
    /// # Errors
    /// Those of the provider and the store; the job is to be tried again then.
    pub async fn run_sweep(&self, job: &Stored<Job>) -> Result<()> {
        self.sweep().await?;
        let mut uow = self.session.begin(Permission::AgendaRun).await?;
        uow.finish(job).await?;
        let next = uow.now().plus(SWEEP_PAUSE);
        uow.schedule(jobs::sweep(next)).await?;
        uow.commit().await
    }

    /// Does a [`jobs::RECONCILE`] job: has the next customers fetched and puts the rest on the agenda.
    ///
    /// # Errors
    /// Those of the store; the job is to be tried again then.
    pub async fn run_reconcile(&self, job: &Stored<Job>) -> Result<()> {
        let after = job.payload.get("after").and_then(|id| id.as_str()).and_then(|id| id.parse().ok());
        let mut uow = self.session.begin(Permission::AgendaRun).await?;
        uow.finish(job).await?;
        let now = uow.now();
        let page = Page::<BillingCustomer>::first(PASS_SIZE);
        let page = match after {
            Some(id) => page.after(crate::kernel::Cursor { value: crate::kernel::Value::Uuid(id), id })?,
            None => page,
        };
        let customers = uow.list(&Predicate::everything(), &page).await?;
        for customer in &customers {
            uow.schedule(jobs::sync(&customer.customer_id, now)).await?;
        }
        let next = match customers.last() {
            Some(last) => jobs::reconcile(Some(last.id.uuid()), now.plus(PASS_PAUSE)),
            None => jobs::reconcile(None, now.plus(PASS_REST)),
        };
        uow.schedule(next).await?;
        uow.commit().await
    }

    /// How many records were ever found to differ without an event that told of it. Must be 0.
    ///
    /// # Errors
    /// Those of the door.
    pub async fn drift(&self) -> Result<i64> {
        let mut uow = self.session.begin(Permission::BillingRead).await?;
        let customers = uow.list_all(&Predicate::<BillingCustomer>::everything()).await?;
        Ok(customers.iter().map(|customer| customer.drift).sum())
    }

    /// Events that still wait, the earliest first: a backlog, when there are many.
    ///
    /// # Errors
    /// Those of the door.
    pub async fn backlog(&self, limit: u32) -> Result<Vec<Stored<ReceivedEvent>>> {
        let mut uow = self.session.begin(Permission::BillingRead).await?;
        let page = Page::ordered(crate::kernel::Field::CREATED_AT, Direction::Ascending, limit)?;
        uow.list(&ReceivedEvent::STATE.is(ReceivedState::Waiting.as_str()), &page).await
    }
}
