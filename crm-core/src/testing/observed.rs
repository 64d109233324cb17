//! A store that counts what it is asked, and that lets other tasks go first where a database would.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

use async_trait::async_trait;

use crate::access::{Intent, MemberId, OrganizationId, ProviderLink, Slug};
use crate::agenda::{Claim, Job, JobId};
use crate::kernel::{Entity, Field, Id, Page, Predicate, Stored, Timestamp};
use crate::lead::{Lead, LeadReport};
use crate::pipeline::PipelineReport;
use crate::store::{Agenda, BoxTx, BoxWatch, Count, Records, Store, StoreResult, Tx};

/// What was asked of a store: the verb and [`Entity::NAME`], and how often.
pub type Asked = BTreeMap<(&'static str, &'static str), usize>;

/// Another store behind a counter. Clones share the count.
#[derive(Clone)]
pub struct ObservedStore<S> {
    inner: S,
    asked: Arc<Mutex<Asked>>,
}

impl<S> ObservedStore<S> {
    /// Counts what this store is asked.
    pub fn new(inner: S) -> Self {
        Self { inner, asked: Arc::default() }
    }

    /// What was asked since the last time, and begins to count anew.
    pub fn take_asked(&self) -> Asked {
        std::mem::take(&mut *self.asked.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn count(&self, verb: &'static str, what: &'static str) {
        count(&self.asked, verb, what);
    }
}

fn count(asked: &Mutex<Asked>, verb: &'static str, what: &'static str) {
    *asked.lock().unwrap_or_else(PoisonError::into_inner).entry((verb, what)).or_default() += 1;
}

/// Lets other tasks go first, once.
pub async fn give_way() {
    let mut gave_way = false;
    poll_fn(move |context| {
        if gave_way {
            return Poll::Ready(());
        }
        gave_way = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

#[async_trait]
impl<S: Store> Store for ObservedStore<S> {
    async fn begin(&self, organization: OrganizationId, intent: Intent) -> StoreResult<BoxTx<'_>> {
        self.count("begin", "transaction");
        give_way().await;
        Ok(Box::new(ObservedTx { inner: self.inner.begin(organization, intent).await?, asked: &self.asked }))
    }

    async fn organizations_with_due_jobs(&self, now: Timestamp, limit: u32) -> StoreResult<Vec<OrganizationId>> {
        self.count("organizations_with_due", Job::NAME);
        self.inner.organizations_with_due_jobs(now, limit).await
    }

    async fn organization_by_slug(&self, slug: &Slug) -> StoreResult<Option<OrganizationId>> {
        self.count("by_slug", "organization");
        self.inner.organization_by_slug(slug).await
    }
    async fn organization_by_link(&self, link: &ProviderLink) -> StoreResult<Option<OrganizationId>> {
        self.count("look up", "provider_link");
        self.inner.organization_by_link(link).await
    }
    fn watch(&self) -> Option<BoxWatch<'_>> {
        self.inner.watch()
    }

    async fn organizations(&self, after: Option<&Slug>, limit: u32) -> StoreResult<Vec<(Slug, OrganizationId)>> {
        self.count("list", "organization");
        self.inner.organizations(after, limit).await
    }
}

struct ObservedTx<'a> {
    inner: BoxTx<'a>,
    asked: &'a Mutex<Asked>,
}

#[async_trait]
impl<'a, E: Entity> Records<E> for ObservedTx<'a>
where
    dyn Tx + 'a: Records<E>,
{
    async fn find(&mut self, id: Id<E>) -> StoreResult<Option<Stored<E>>> {
        count(self.asked, "find", E::NAME);
        Records::<E>::find(&mut *self.inner, id).await
    }
    async fn lock(&mut self, id: Id<E>) -> StoreResult<Option<Stored<E>>> {
        count(self.asked, "lock", E::NAME);
        Records::<E>::lock(&mut *self.inner, id).await
    }
    async fn list(&mut self, filter: &Predicate<E>, page: &Page<E>) -> StoreResult<Vec<Stored<E>>> {
        count(self.asked, "list", E::NAME);
        Records::<E>::list(&mut *self.inner, filter, page).await
    }
    async fn insert(&mut self, rows: &[Stored<E>]) -> StoreResult<()> {
        count(self.asked, "insert", E::NAME);
        Records::<E>::insert(&mut *self.inner, rows).await
    }
    async fn update(&mut self, row: &Stored<E>) -> StoreResult<()> {
        count(self.asked, "update", E::NAME);
        Records::<E>::update(&mut *self.inner, row).await
    }
    async fn delete(&mut self, id: Id<E>, version: i64) -> StoreResult<()> {
        count(self.asked, "delete", E::NAME);
        Records::<E>::delete(&mut *self.inner, id, version).await
    }
    async fn count_by(&mut self, field: Field<E>, filter: &Predicate<E>, most: u32) -> StoreResult<Vec<Count>> {
        count(self.asked, "count", E::NAME);
        Records::<E>::count_by(&mut *self.inner, field, filter, most).await
    }
}

#[async_trait]
impl Agenda for ObservedTx<'_> {
    async fn claim(&mut self, claim: &Claim) -> StoreResult<Vec<Stored<Job>>> {
        count(self.asked, "claim", Job::NAME);
        Agenda::claim(&mut *self.inner, claim).await
    }
    async fn finish(&mut self, jobs: &[(JobId, i64)]) -> StoreResult<usize> {
        count(self.asked, "finish", Job::NAME);
        Agenda::finish(&mut *self.inner, jobs).await
    }
}

#[async_trait]
impl LeadReport for ObservedTx<'_> {
    async fn open_leads(&mut self, owners: &[MemberId]) -> StoreResult<BTreeMap<MemberId, i64>> {
        count(self.asked, "count", Lead::NAME);
        self.inner.open_leads(owners).await
    }
}

impl PipelineReport for ObservedTx<'_> {}

#[async_trait]
impl Tx for ObservedTx<'_> {
    async fn claim_slug(&mut self, slug: &Slug, organization: OrganizationId) -> StoreResult<()> {
        count(self.asked, "claim", "slug");
        self.inner.claim_slug(slug, organization).await
    }
    async fn claim_link(&mut self, link: &ProviderLink) -> StoreResult<()> {
        count(self.asked, "claim", "provider_link");
        self.inner.claim_link(link).await
    }
    async fn release_link(&mut self, link: &ProviderLink) -> StoreResult<()> {
        count(self.asked, "release", "provider_link");
        self.inner.release_link(link).await
    }
    async fn announce_access(&mut self, version: i64) -> StoreResult<()> {
        count(self.asked, "announce", "access");
        self.inner.announce_access(version).await
    }
    async fn commit(self: Box<Self>) -> StoreResult<()> {
        count(self.asked, "commit", "transaction");
        give_way().await;
        self.inner.commit().await
    }
}
