//! The desk's catalogue, and what the operator gives without payment.

use super::jobs;
use super::office::Desk;
use super::sync::catalogue;
use crate::access::{OrganizationId, Permission};
use crate::billing::account::{ServiceGrant, ServiceGrantEvent, ServiceGrantId, account, raise_version};
use crate::billing::bundle::session_in;
use crate::billing::catalogue::{ServicePrice, ServicePriceEvent, default_prices};
use crate::kernel::{Page, Result, Stored};
use crate::store::UnitOfWork;

impl Desk<'_> {
    /// Fills the catalogue with the default prices that it does not have. Answers how many were added.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn fill_catalogue(&self) -> Result<usize> {
        let mut uow = self.session.begin(Permission::BillingManage).await?;
        let known = catalogue(&mut uow).await?;
        let mut added = 0;
        for price in default_prices()? {
            if known.prices().iter().all(|known| known.lookup_key != price.lookup_key) {
                uow.insert(price, ServicePriceEvent::Created).await?;
                added += 1;
            }
        }
        uow.commit().await?;
        Ok(added)
    }

    /// Puts a price into the catalogue, in the place of the one with its lookup key. All customers are looked at anew.
    ///
    /// # Errors
    /// `StoreError::Duplicate` when another entry has the provider's identifier.
    pub async fn set_price(&self, price: ServicePrice) -> Result<Stored<ServicePrice>> {
        let mut uow = self.session.begin(Permission::BillingManage).await?;
        let known = ServicePrice::LOOKUP_KEY.is(price.lookup_key.as_str());
        let row = match uow.list(&known, &Page::first(1)).await?.pop() {
            Some(row) if row.value == price => return Ok(row),
            Some(mut row) => {
                row.value = price;
                uow.save(row, ServicePriceEvent::Changed).await?
            }
            None => uow.insert(price, ServicePriceEvent::Created).await?,
        };
        let now = uow.now();
        uow.schedule(jobs::reconcile(None, now)).await?;
        uow.commit().await?;
        Ok(row)
    }

    /// The prices on offer, for a page of prices that everyone may see.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn offers(&self) -> Result<Vec<ServicePrice>> {
        let mut uow = self.session.begin(Permission::BillingRead).await?;
        let catalogue = catalogue(&mut uow).await?;
        Ok(catalogue.prices().iter().filter(|price| price.offered).cloned().collect())
    }

    /// Gives an organization a service without payment.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn grant(&self, organization: OrganizationId, grant: ServiceGrant) -> Result<Stored<ServiceGrant>> {
        let session = session_in(self.session.ports(), organization);
        let mut uow = session.begin(Permission::BillingManage).await?;
        let row = uow.insert(grant, ServiceGrantEvent::Given).await?;
        access_changed(&mut uow).await?;
        uow.commit().await?;
        self.billing.announce(organization);
        Ok(row)
    }

    /// Takes back what was given.
    ///
    /// # Errors
    /// `RecordNotFound`.
    pub async fn withdraw(&self, organization: OrganizationId, grant: ServiceGrantId) -> Result<()> {
        let session = session_in(self.session.ports(), organization);
        let mut uow = session.begin(Permission::BillingManage).await?;
        let row = uow.get(grant).await?;
        uow.delete(row, ServiceGrantEvent::Withdrawn).await?;
        access_changed(&mut uow).await?;
        uow.commit().await?;
        self.billing.announce(organization);
        Ok(())
    }
}

/// Says that access may have changed.
async fn access_changed(uow: &mut UnitOfWork<'_>) -> Result<()> {
    let mut account = account(uow).await?;
    raise_version(uow, &mut account.value).await?;
    uow.save_part(account).await.map(drop)
}
