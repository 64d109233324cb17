//! Removing records, with everything that hangs on them: the one place that knows what that is.
//!
//! | what hangs on a record | what becomes of it |
//! |---|---|
//! | match keys, unique custom values, touches | removed |
//! | addresses of a contact, domains of an account, people of a deal | removed |
//! | links of activities, and activities that were about nothing else | removed; an activity says so |
//! | engagements, scores, a place in the queue, jobs on the agenda | removed |
//! | flagged pairs | removed, and said: a pair takes two |
//! | captures: identifiers under which sources sent it | stay, so that the same submission does not bring it back |
//! | its events | stay: they are the audit trail |
//! | a conversion, a deal's contact or account, a child account | refuse the removal: `record.still_referenced` |
//!
//! Custom fields are removed in `fields`, which also takes their values out of all records.
//!
//! Removals say `lead.deleted`, `contact.deleted`, `account.deleted` and `opportunity.deleted`.

use crate::access::Permission;
use crate::activity::unlink_record;
use crate::assignment::stop_waiting;
use crate::custom_field::Schema;
use crate::duplicate::drop_flags;
use crate::identity::{KeySet, RecordKind, RecordRef, replace_keys};
use crate::kernel::Result;
use crate::lead::{LeadEvent, LeadId, Leads, Touch, stop_recomputing};
use crate::people::{
    AccountDomain, AccountEvent, AccountId, Accounts, ContactEvent, ContactId, ContactPoint, Contacts,
};
use crate::pipeline::{Opportunities, OpportunityContact, OpportunityEvent, OpportunityId};
use crate::scoring;
use crate::store::UnitOfWork;

mod fields;
#[cfg(test)]
mod tests;

pub use fields::job_handlers;

/// Removes what hangs on a record of any kind.
async fn clear(uow: &mut UnitOfWork<'_>, record: RecordRef) -> Result<()> {
    replace_keys(uow, record, KeySet::default()).await?;
    Schema::release(uow, record).await?;
    for touch in uow.list_all_of_anyone(&Touch::RECORD.is(record.id)).await? {
        uow.remove_part(&touch).await?;
    }
    unlink_record(uow, record).await?;
    drop_flags(uow, record).await
}

impl Leads<'_> {
    /// Removes a lead with everything that hangs on it. Its events remain.
    ///
    /// ```
    /// # use crm_core::testing::{office};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let lead = office.lead(office::named("Lovelace")).await;
    /// session.leads().delete(lead.id, lead.version).await?;
    /// assert!(session.leads().get(lead.id).await.is_err());
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`, `StaleVersion`, `StoreError::StillReferenced` (a conversion).
    pub async fn delete(&self, id: LeadId, version: i64) -> Result<()> {
        let mut uow = self.0.begin(Permission::LeadDelete).await?;
        let row = uow.get_at(id, Some(version)).await?;
        clear(&mut uow, RecordRef::new(RecordKind::Lead, id)).await?;
        scoring::forget(&mut uow, id).await?;
        stop_waiting(&mut uow, id).await?;
        stop_recomputing(&mut uow, id).await?;
        uow.delete(row, LeadEvent::Deleted).await?;
        uow.commit().await
    }
}

impl Contacts<'_> {
    /// Removes a contact to which nothing refers, with everything that hangs on it. Its events remain.
    ///
    /// ```
    /// # use crm_core::people::{NewContact};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let new = NewContact { last_name: Some("Byron".parse()?), ..NewContact::default() };
    /// # let contact = session.contacts().create(new).await?;
    /// session.contacts().delete(contact.id, contact.version).await?;
    /// assert!(session.contacts().get(contact.id).await.is_err());
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`, `StaleVersion`, `StoreError::StillReferenced`.
    pub async fn delete(&self, id: ContactId, version: i64) -> Result<()> {
        let mut uow = self.0.begin(Permission::ContactDelete).await?;
        let row = uow.get_at(id, Some(version)).await?;
        clear(&mut uow, RecordRef::new(RecordKind::Contact, id)).await?;
        for point in uow.list_all_of_anyone(&ContactPoint::CONTACT.is(id)).await? {
            uow.remove_part(&point).await?;
        }
        uow.delete(row, ContactEvent::Deleted).await?;
        uow.commit().await
    }
}

impl Accounts<'_> {
    /// Removes an account to which nothing refers, with everything that hangs on it. Its events remain.
    ///
    /// ```
    /// # use crm_core::people::{NewAccount};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let account = session.accounts().create(NewAccount::named("Engines".parse()?)).await?;
    /// session.accounts().delete(account.id, account.version).await?;
    /// assert!(session.accounts().get(account.id).await.is_err());
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`, `StaleVersion`, `StoreError::StillReferenced`.
    pub async fn delete(&self, id: AccountId, version: i64) -> Result<()> {
        let mut uow = self.0.begin(Permission::AccountDelete).await?;
        let row = uow.get_at(id, Some(version)).await?;
        clear(&mut uow, RecordRef::new(RecordKind::Account, id)).await?;
        for domain in uow.list_all_of_anyone(&AccountDomain::ACCOUNT.is(id)).await? {
            uow.remove_part(&domain).await?;
        }
        uow.delete(row, AccountEvent::Deleted).await?;
        uow.commit().await
    }
}

impl Opportunities<'_> {
    /// Removes a deal with everything that hangs on it. Its events remain.
    ///
    /// ```
    /// # use crm_core::pipeline::{NewOpportunity};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let deal = session.opportunities().create(NewOpportunity::named("Ten engines".parse()?)).await?;
    /// session.opportunities().delete(deal.id, deal.version).await?;
    /// assert!(session.opportunities().get(deal.id).await.is_err());
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`, `StaleVersion`, `StoreError::StillReferenced` (a conversion).
    pub async fn delete(&self, id: OpportunityId, version: i64) -> Result<()> {
        let mut uow = self.0.begin(Permission::OpportunityDelete).await?;
        let row = uow.get_at(id, Some(version)).await?;
        clear(&mut uow, RecordRef::new(RecordKind::Opportunity, id)).await?;
        for person in uow.list_all_of_anyone(&OpportunityContact::OPPORTUNITY.is(id)).await? {
            uow.remove_part(&person).await?;
        }
        uow.delete(row, OpportunityEvent::Deleted).await?;
        uow.commit().await
    }
}
