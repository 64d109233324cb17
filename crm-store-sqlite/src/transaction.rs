//! An open transaction, as the port knows it.

use std::collections::BTreeMap;

use async_trait::async_trait;
use crm_core::access::{MemberId, OrganizationId, ProviderLink, Slug};
use crm_core::agenda::{Claim, Job, JobId};
use crm_core::kernel::{Entity, Field, FieldKind, Id, Page, Predicate, Stored};
use crm_core::lead::LeadReport;
use crm_core::pipeline::{ForecastTotal, Opportunity, PipelineReport, StageTotal};
use crm_core::store::{Agenda, Count, Records, StoreError, StoreResult, Tx, count_by_reading};
use sqlx::Row;

use crate::fault::fault;
use crate::records::OpenRecords;
use crate::{agenda, report};

/// A transaction of one organization. Dropping it rolls back.
pub(crate) struct SqliteTx {
    records: OpenRecords,
    writes: bool,
    /// False while a call runs and after one was refused or abandoned: what it has done by then is anybody's guess.
    sound: bool,
}

#[derive(Debug, thiserror::Error)]
enum Misuse {
    #[error("the transaction was refused something before and can only be dropped")]
    Refused,
    #[error("the transaction was opened for reading and cannot write or lock")]
    Reading,
    #[error("a transaction takes slugs for its own organization only")]
    Foreign,
}

impl SqliteTx {
    pub(crate) fn new(records: OpenRecords, writes: bool) -> Self {
        Self { records, writes, sound: true }
    }

    #[cfg(test)]
    pub(crate) fn records(&mut self) -> &mut OpenRecords {
        &mut self.records
    }

    /// The records, for a call whose outcome goes through [`SqliteTx::settle`].
    fn read(&mut self) -> StoreResult<&mut OpenRecords> {
        if !self.sound {
            return Err(StoreError::Fault(Misuse::Refused.into()));
        }
        self.sound = false;
        Ok(&mut self.records)
    }

    fn write(&mut self) -> StoreResult<&mut OpenRecords> {
        let writes = self.writes;
        let records = self.read()?;
        if writes { Ok(records) } else { Err(StoreError::Fault(Misuse::Reading.into())) }
    }

    fn settle<T>(&mut self, outcome: StoreResult<T>) -> StoreResult<T> {
        self.sound = outcome.is_ok();
        outcome
    }
}

#[async_trait]
impl<E: Entity> Records<E> for SqliteTx {
    async fn find(&mut self, id: Id<E>) -> StoreResult<Option<Stored<E>>> {
        let outcome = self.read()?.find(id).await;
        self.settle(outcome)
    }

    async fn lock(&mut self, id: Id<E>) -> StoreResult<Option<Stored<E>>> {
        // The writer is alone: whatever it reads is held.
        let outcome = self.write()?.find(id).await;
        self.settle(outcome)
    }

    async fn list(&mut self, filter: &Predicate<E>, page: &Page<E>) -> StoreResult<Vec<Stored<E>>> {
        let outcome = self.read()?.list(filter, page).await;
        self.settle(outcome)
    }

    async fn insert(&mut self, rows: &[Stored<E>]) -> StoreResult<()> {
        let outcome = self.write()?.insert(rows).await;
        self.settle(outcome)
    }

    async fn update(&mut self, row: &Stored<E>) -> StoreResult<()> {
        let outcome = self.write()?.update(row).await;
        self.settle(outcome)
    }

    async fn delete(&mut self, id: Id<E>, version: i64) -> StoreResult<()> {
        let outcome = self.write()?.delete(id, version).await;
        self.settle(outcome)
    }

    async fn count_by(&mut self, field: Field<E>, filter: &Predicate<E>, most: u32) -> StoreResult<Vec<Count>> {
        if !matches!(field.kind, FieldKind::Text | FieldKind::Uuid) {
            return count_by_reading(self, field, filter, most).await;
        }
        let outcome = report::counts(self.read()?, field, filter, most).await;
        self.settle(outcome)
    }
}

#[async_trait]
impl Agenda for SqliteTx {
    async fn claim(&mut self, claim: &Claim) -> StoreResult<Vec<Stored<Job>>> {
        let outcome = agenda::claim(self.write()?, claim).await;
        self.settle(outcome)
    }

    async fn finish(&mut self, jobs: &[(JobId, i64)]) -> StoreResult<usize> {
        let outcome = agenda::finish(self.write()?, jobs).await;
        self.settle(outcome)
    }
}

#[async_trait]
impl LeadReport for SqliteTx {
    async fn open_leads(&mut self, owners: &[MemberId]) -> StoreResult<BTreeMap<MemberId, i64>> {
        let outcome = report::open_leads(self.read()?, owners).await;
        self.settle(outcome)
    }
}

#[async_trait]
impl PipelineReport for SqliteTx {
    async fn totals_by_stage(&mut self, filter: &Predicate<Opportunity>) -> StoreResult<Vec<StageTotal>> {
        let outcome = report::by_stage(self.read()?, filter).await;
        self.settle(outcome)
    }

    async fn totals_by_forecast(&mut self, filter: &Predicate<Opportunity>) -> StoreResult<Vec<ForecastTotal>> {
        let outcome = report::by_forecast(self.read()?, filter).await;
        self.settle(outcome)
    }
}

#[async_trait]
impl Tx for SqliteTx {
    async fn claim_slug(&mut self, slug: &Slug, organization: OrganizationId) -> StoreResult<()> {
        let outcome = claim_slug(self.write()?, slug, organization).await;
        self.settle(outcome)
    }

    async fn claim_link(&mut self, link: &ProviderLink) -> StoreResult<()> {
        let outcome = claim_link(self.write()?, link).await;
        self.settle(outcome)
    }

    async fn release_link(&mut self, link: &ProviderLink) -> StoreResult<()> {
        let outcome = release_link(self.write()?, link).await;
        self.settle(outcome)
    }

    async fn commit(self: Box<Self>) -> StoreResult<()> {
        if !self.sound {
            return Err(StoreError::Fault(Misuse::Refused.into()));
        }
        self.records.transaction.commit().await.map_err(fault)
    }
}

async fn claim_slug(records: &mut OpenRecords, slug: &Slug, organization: OrganizationId) -> StoreResult<()> {
    if records.organization != organization.uuid() {
        return Err(StoreError::Fault(Misuse::Foreign.into()));
    }
    let organization = organization.uuid().hyphenated().to_string();
    // Setting what is there already makes it answer, whoever has it.
    let sql = "insert into organization_slug (slug, organization_id) values (?1, ?2) \
               on conflict (slug) do update set slug = excluded.slug returning organization_id";
    let holder = sqlx::query(sql).bind(slug.as_str().to_owned()).bind(organization.clone());
    let holder = holder.fetch_one(records.connection()).await.map_err(fault)?;
    let holder: &str = holder.try_get(0).map_err(fault)?;
    if holder == organization { Ok(()) } else { Err(StoreError::SlugTaken(slug.to_string())) }
}

async fn claim_link(records: &mut OpenRecords, link: &ProviderLink) -> StoreResult<()> {
    let organization = records.organization.hyphenated().to_string();
    let sql = "insert into provider_link (provider, external_id, organization_id) values (?1, ?2, ?3) \
               on conflict (provider, external_id) do update set provider = excluded.provider returning organization_id";
    let holder = sqlx::query(sql).bind(link.provider().to_owned()).bind(link.external_id().to_owned());
    let holder = holder.bind(organization.clone()).fetch_one(records.connection()).await.map_err(fault)?;
    let holder: &str = holder.try_get(0).map_err(fault)?;
    if holder == organization { Ok(()) } else { Err(StoreError::ProviderLinkTaken(link.clone())) }
}

async fn release_link(records: &mut OpenRecords, link: &ProviderLink) -> StoreResult<()> {
    let organization = records.organization.hyphenated().to_string();
    let sql = "delete from provider_link where provider = ?1 and external_id = ?2 and organization_id = ?3";
    let query = sqlx::query(sql).bind(link.provider().to_owned()).bind(link.external_id().to_owned());
    query.bind(organization).execute(records.connection()).await.map_err(fault)?;
    Ok(())
}
