//! A store that has lost the predicate by which organizations are kept apart: for the proof that tests would notice.

use async_trait::async_trait;
use crm_core::access::{Intent, OrganizationId, ProviderLink, Slug};
use crm_core::agenda::{Claim, Job, JobId};
use crm_core::kernel::{Entity, Id, Page, Predicate, Stored, Timestamp};
use crm_core::lead::LeadReport;
use crm_core::pipeline::PipelineReport;
use crm_core::store::{Agenda, BoxTx, MemoryStore, Records, Store, StoreResult, Tx};

/// Finds records by their identifiers alone, whosever they are. Lists and writes stay within the organization.
///
/// Leaked, so that transactions need not name how long it lives.
#[derive(Clone, Copy)]
pub(crate) struct LeakyStore(&'static MemoryStore);

impl LeakyStore {
    pub(crate) fn new() -> Self {
        Self(Box::leak(Box::default()))
    }
}

#[async_trait]
impl Store for LeakyStore {
    async fn begin(&self, organization: OrganizationId, intent: Intent) -> StoreResult<BoxTx<'_>> {
        let own = self.0.begin(organization, intent).await?;
        let mut others = Vec::new();
        for (_, other) in self.0.organizations(None, 10).await? {
            others.push(self.0.begin(other, Intent::Read).await?);
        }
        Ok(Box::new(LeakyTx { own, others }))
    }
    async fn organizations_with_due_jobs(&self, now: Timestamp, limit: u32) -> StoreResult<Vec<OrganizationId>> {
        self.0.organizations_with_due_jobs(now, limit).await
    }
    async fn organization_by_slug(&self, slug: &Slug) -> StoreResult<Option<OrganizationId>> {
        self.0.organization_by_slug(slug).await
    }
    async fn organization_by_link(&self, link: &ProviderLink) -> StoreResult<Option<OrganizationId>> {
        self.0.organization_by_link(link).await
    }
}

struct LeakyTx {
    own: BoxTx<'static>,
    others: Vec<BoxTx<'static>>,
}

#[async_trait]
impl<E: Entity> Records<E> for LeakyTx
where
    dyn Tx: Records<E>,
{
    async fn find(&mut self, id: Id<E>) -> StoreResult<Option<Stored<E>>> {
        if let Some(row) = Records::<E>::find(&mut *self.own, id).await? {
            return Ok(Some(row));
        }
        for other in &mut self.others {
            if let Some(row) = Records::<E>::find(&mut **other, id).await? {
                return Ok(Some(row));
            }
        }
        Ok(None)
    }
    async fn lock(&mut self, id: Id<E>) -> StoreResult<Option<Stored<E>>> {
        Records::<E>::lock(&mut *self.own, id).await
    }
    async fn list(&mut self, filter: &Predicate<E>, page: &Page<E>) -> StoreResult<Vec<Stored<E>>> {
        Records::<E>::list(&mut *self.own, filter, page).await
    }
    async fn insert(&mut self, rows: &[Stored<E>]) -> StoreResult<()> {
        Records::<E>::insert(&mut *self.own, rows).await
    }
    async fn update(&mut self, row: &Stored<E>) -> StoreResult<()> {
        Records::<E>::update(&mut *self.own, row).await
    }
    async fn delete(&mut self, id: Id<E>, version: i64) -> StoreResult<()> {
        Records::<E>::delete(&mut *self.own, id, version).await
    }
}

#[async_trait]
impl Agenda for LeakyTx {
    async fn claim(&mut self, claim: &Claim) -> StoreResult<Vec<Stored<Job>>> {
        Agenda::claim(&mut *self.own, claim).await
    }
    async fn finish(&mut self, jobs: &[(JobId, i64)]) -> StoreResult<usize> {
        Agenda::finish(&mut *self.own, jobs).await
    }
}

impl LeadReport for LeakyTx {}
impl PipelineReport for LeakyTx {}

#[async_trait]
impl Tx for LeakyTx {
    async fn claim_slug(&mut self, slug: &Slug, organization: OrganizationId) -> StoreResult<()> {
        self.own.claim_slug(slug, organization).await
    }
    async fn claim_link(&mut self, link: &ProviderLink) -> StoreResult<()> {
        self.own.claim_link(link).await
    }
    async fn release_link(&mut self, link: &ProviderLink) -> StoreResult<()> {
        self.own.release_link(link).await
    }
    async fn commit(self: Box<Self>) -> StoreResult<()> {
        self.own.commit().await
    }
}
