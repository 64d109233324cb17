//! The desk's handle: receiving, linking, and what waits for a person.

use super::customer::BillingCustomer;
use super::event_record::{DeskEvent, ReceivedEvent, ReceivedEventId, ReceivedState};
use super::jobs;
use crate::access::{OrganizationId, Permission};
use crate::billing::bundle::{Billing, session_in};
use crate::billing::event::ProviderEvent;
use crate::billing::external::ExternalId;
use crate::kernel::{Error, Page, Result, Stored};
use crate::store::{Ports, Session, StoreError, UnitOfWork};

/// How often something is tried again when another process touched the same records at the same time.
const TRIES: u32 = 16;

/// The operator's desk.
///
/// ```
/// use crm_core::billing::{Billing, ExternalId, ProviderEvent};
/// use crm_core::access::OrganizationId;
/// use crm_core::crm::Crm;
/// use crm_core::kernel::{Page, Result};
///
/// /// Once, when the operator sets up: the catalogue of prices, and what makes up for lost webhooks.
/// async fn set_up(crm: &Crm, billing: &Billing) -> Result<()> {
///     let desk = crm.billing_desk(billing);
///     desk.fill_catalogue().await?;
///     desk.begin_sweeping().await
/// }
///
/// /// The endpoint for webhooks, once the adapter has checked the signature.
/// async fn arrived(crm: &Crm, billing: &Billing, event: ProviderEvent) -> Result<()> {
///     crm.billing_desk(billing).receive(event).await.map(drop)
/// }
///
/// /// What waits for a person: events of customers that nobody knows.
/// async fn look_after(crm: &Crm, billing: &Billing, customer: &ExternalId, whose: OrganizationId) -> Result<()> {
///     let desk = crm.billing_desk(billing);
///     for event in desk.orphans(&Page::first(50)).await? {
///         println!("{} {:?}", event.kind, event.customer_id);
///     }
///     desk.link(customer, whose).await.map(drop)
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Desk<'a> {
    pub(in crate::billing) billing: &'a Billing,
    pub(in crate::billing) session: Session,
}

/// What became of an event at the door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// It is stored, and the asking for the truth is on the agenda.
    Stored,
    /// It was stored before.
    Repeated,
    /// It comes from other books than ours: another account, or the sandbox. It is not kept.
    Foreign,
}

impl<'a> Desk<'a> {
    /// The desk of this billing.
    #[must_use]
    pub fn new(billing: &'a Billing, ports: &Ports) -> Self {
        Self { billing, session: session_in(ports, billing.desk) }
    }

    /// Takes an event whose signature was verified: stores it and enqueues the asking for the truth, in one commit.
    ///
    /// Answer the provider with success for every `Ok`; with an error, it delivers again.
    ///
    /// # Errors
    /// Those of the store; then nothing was kept.
    pub async fn receive(&self, event: ProviderEvent) -> Result<Received> {
        if !event.is_of(&self.billing.gateway.identity()) {
            return Ok(Received::Foreign);
        }
        let mut tries = 1;
        loop {
            match self.receive_once(&event).await {
                Err(error) if may_try_again(&error, &mut tries) => {}
                outcome => return outcome,
            }
        }
    }

    async fn receive_once(&self, event: &ProviderEvent) -> Result<Received> {
        let mut uow = self.session.begin(Permission::AgendaRun).await?;
        let known = uow.list(&ReceivedEvent::EXTERNAL_ID.is(event.id.as_str()), &Page::first(10)).await?;
        if known.iter().any(|known| known.provider == event.provider) {
            return Ok(Received::Repeated);
        }
        let now = uow.now();
        let kept = uow.add_parts(vec![ReceivedEvent::new(event.clone())]).await?;
        match (&event.customer, &event.object) {
            (Some(customer), _) => uow.schedule(jobs::sync(customer, now)).await?,
            (None, Some(_)) => {
                for event in &kept {
                    uow.schedule(jobs::identify(event.id, now)).await?;
                }
            }
            (None, None) => {
                for mut event in kept {
                    event.value.state = ReceivedState::Unconcerned;
                    uow.save_part(event).await?;
                }
            }
        }
        uow.commit().await?;
        Ok(Received::Stored)
    }

    /// Links a customer of the provider to an organization, and fetches the truth of it. Events that were waiting for the
    /// link, and orphaned ones, are taken up.
    ///
    /// # Errors
    /// [`DeskRefusal::LinkedElsewhere`] when the customer is another organization's.
    pub async fn link(&self, customer: &ExternalId, organization: OrganizationId) -> Result<Stored<BillingCustomer>> {
        let mut tries = 1;
        loop {
            match self.link_once(customer, organization).await {
                Err(error) if may_try_again(&error, &mut tries) => {}
                outcome => return outcome,
            }
        }
    }

    async fn link_once(&self, customer: &ExternalId, organization: OrganizationId) -> Result<Stored<BillingCustomer>> {
        let mut uow = self.session.begin(Permission::AgendaRun).await?;
        if let Some(known) = linked(&mut uow, customer).await? {
            if known.tenant_id == organization {
                return Ok(known);
            }
            return Err(DeskRefusal::LinkedElsewhere.into());
        }
        let row = uow.add_parts(vec![BillingCustomer::new(customer.clone(), organization)]).await?.pop();
        let row = row.ok_or_else(|| StoreError::Fault("the store kept no link".into()))?;
        uow.say(&row, &DeskEvent::CustomerLinked)?;
        let orphans = ReceivedEvent::CUSTOMER.is(customer.as_str()).and(ReceivedEvent::STATE.is("orphaned"));
        for mut orphan in uow.list_all(&orphans).await? {
            orphan.value.state = ReceivedState::Waiting;
            uow.save_part(orphan).await?;
        }
        let now = uow.now();
        uow.schedule(jobs::sync(customer, now)).await?;
        uow.commit().await?;
        Ok(row)
    }

    /// Events whose customer nobody knows. A person links the customer, or lets them rest.
    ///
    /// # Errors
    /// Those of the door.
    pub async fn orphans(&self, page: &Page<ReceivedEvent>) -> Result<Vec<Stored<ReceivedEvent>>> {
        let mut uow = self.session.begin(Permission::BillingRead).await?;
        uow.list(&ReceivedEvent::STATE.is(ReceivedState::Orphaned.as_str()), page).await
    }

    /// An event as it was received.
    ///
    /// # Errors
    /// `RecordNotFound`.
    pub async fn event(&self, id: ReceivedEventId) -> Result<Stored<ReceivedEvent>> {
        self.session.begin(Permission::BillingRead).await?.get(id).await
    }

    /// The customers that an organization is at the provider.
    ///
    /// # Errors
    /// Those of the door.
    pub async fn customers_of(&self, organization: OrganizationId) -> Result<Vec<Stored<BillingCustomer>>> {
        let mut uow = self.session.begin(Permission::BillingRead).await?;
        uow.list_all(&BillingCustomer::TENANT.is(organization)).await
    }
}

/// What the desk refuses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeskRefusal {
    /// A customer is one organization only.
    #[error("this customer of the billing provider belongs to another organization; it cannot be linked to two")]
    LinkedElsewhere,
}

impl crate::kernel::Rule for DeskRefusal {
    fn code(&self) -> &'static str {
        "billing_customer.linked_elsewhere"
    }
    fn kind(&self) -> crate::kernel::Kind {
        crate::kernel::Kind::Conflict
    }
}

/// The link of a customer, when there is one.
pub(super) async fn linked(uow: &mut UnitOfWork<'_>, customer: &ExternalId) -> Result<Option<Stored<BillingCustomer>>> {
    Ok(uow.list(&BillingCustomer::CUSTOMER.is(customer.as_str()), &Page::first(1)).await?.pop())
}

/// Whether another process was faster at the same records, and this was not the last try.
pub(in crate::billing) fn may_try_again(error: &Error, tries: &mut u32) -> bool {
    let met =
        matches!(error.downcast_ref::<StoreError>(), Some(StoreError::Conflict { .. } | StoreError::Duplicate { .. }));
    *tries += 1;
    met && *tries <= TRIES
}
