//! A store without a disk that keeps every promise of the port.
//!
//! Reads see what is committed and what the transaction itself has written. Keys and references are enforced from the
//! entities' declarations. Two transactions that touch one record can't both commit: the later gets `Conflict`, also when
//! both did no more than lock it.

mod overlay;
mod table;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use uuid::Uuid;

use self::overlay::Overlays;
use self::table::{AnyTable, Table};
use super::contents::{LeadReport, PipelineReport, Tx};
use super::port::{Agenda, BoxTx, Records, Store, StoreError, StoreResult};
use crate::access::{Intent, OrganizationId, ProviderLink, Slug};
use crate::agenda::{Claim, Job, JobId, JobState, leased};
use crate::kernel::{Direction, Entity, Field, Id, Page, Predicate, Stored, Timestamp, Value};

/// A store in memory. Clones share one content; [`MemoryStore::fork`] makes a content of its own.
#[derive(Clone, Default)]
pub struct MemoryStore {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    tables: BTreeMap<&'static str, Box<dyn AnyTable>>,
    slugs: HashMap<Slug, OrganizationId>,
    links: HashMap<ProviderLink, OrganizationId>,
    /// How often a record was held by a transaction that was committed.
    holds: HashMap<(Uuid, &'static str, Uuid), u64>,
}

impl State {
    fn table<E: Entity>(&self) -> Option<&Table<E>> {
        self.tables.get(E::NAME).and_then(|table| table.as_any().downcast_ref())
    }
    fn table_mut<E: Entity>(&mut self) -> Option<&mut Table<E>> {
        let table = self.tables.entry(E::NAME).or_insert_with(|| Box::new(Table::<E>::default()));
        table.as_any_mut().downcast_mut()
    }
    fn version(&self, organization: Uuid, entity: &'static str, id: Uuid) -> Option<i64> {
        self.tables.get(entity)?.version(organization, id)
    }
    fn holds(&self, organization: Uuid, entity: &'static str, id: Uuid) -> u64 {
        self.holds.get(&(organization, entity, id)).copied().unwrap_or_default()
    }
    fn check_slug(&self, slug: &Slug, organization: OrganizationId) -> StoreResult<()> {
        let taken = self.slugs.get(slug).is_some_and(|holder| *holder != organization);
        if taken { Err(StoreError::SlugTaken(slug.to_string())) } else { Ok(()) }
    }
    fn check_link(&self, link: &ProviderLink, organization: Uuid) -> StoreResult<()> {
        let taken = self.links.get(link).is_some_and(|holder| holder.uuid() != organization);
        if taken { Err(StoreError::ProviderLinkTaken(link.clone())) } else { Ok(()) }
    }
    fn tables(&self) -> impl Iterator<Item = &dyn AnyTable> {
        self.tables.values().map(AsRef::as_ref)
    }
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A store of its own with the same content: a sandbox to try things in.
    #[must_use]
    pub fn fork(&self) -> Self {
        let state = self.read();
        let tables = state.tables.iter().map(|(name, table)| (*name, table.copy())).collect();
        let (slugs, links) = (state.slugs.clone(), state.links.clone());
        Self { state: Arc::new(Mutex::new(State { tables, slugs, links, holds: HashMap::new() })) }
    }

    /// Every committed record of a kind in an organization, in the order of identifiers.
    #[must_use]
    pub fn dump<E: Entity>(&self, organization: OrganizationId) -> Vec<Stored<E>> {
        let state = self.read();
        let rows = state.table::<E>().into_iter().flat_map(Table::all);
        rows.filter(|(owner, _)| *owner == organization.uuid()).map(|(_, row)| row.clone()).collect()
    }

    fn read(&self) -> std::sync::MutexGuard<'_, State> {
        // A panic elsewhere can't leave a half-applied commit: applying does not panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn begin(&self, organization: OrganizationId, intent: Intent) -> StoreResult<BoxTx<'_>> {
        Ok(Box::new(MemoryTx {
            store: self,
            organization: organization.uuid(),
            writes: intent == Intent::Write,
            overlays: Overlays::default(),
            slugs: Vec::new(),
            links: BTreeMap::new(),
            failed: false,
        }))
    }

    async fn organizations_with_due_jobs(&self, now: Timestamp, limit: u32) -> StoreResult<Vec<OrganizationId>> {
        let state = self.read();
        let mut due: BTreeMap<Uuid, Timestamp> = BTreeMap::new();
        for (organization, job) in state.table::<Job>().into_iter().flat_map(Table::all) {
            if job.state != JobState::Dead && job.due_at <= now {
                let first = due.entry(organization).or_insert(job.due_at);
                *first = (*first).min(job.due_at);
            }
        }
        let mut due: Vec<_> = due.into_iter().collect();
        due.sort_by_key(|(organization, first)| (*first, *organization));
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Ok(due.into_iter().take(limit).map(|(organization, _)| Id::new(organization)).collect())
    }

    async fn organization_by_slug(&self, slug: &Slug) -> StoreResult<Option<OrganizationId>> {
        Ok(self.read().slugs.get(slug).copied())
    }

    async fn organization_by_link(&self, link: &ProviderLink) -> StoreResult<Option<OrganizationId>> {
        Ok(self.read().links.get(link).copied())
    }

    async fn organizations(&self, after: Option<&Slug>, limit: u32) -> StoreResult<Vec<(Slug, OrganizationId)>> {
        let after = after.map_or("", Slug::as_str);
        let state = self.read();
        let behind = state.slugs.iter().filter(|(slug, _)| slug.as_str() > after);
        let mut behind: Vec<_> = behind.map(|(slug, organization)| (slug.clone(), *organization)).collect();
        behind.sort_by(|(one, _), (other, _)| one.as_str().cmp(other.as_str()));
        behind.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(behind)
    }
}

struct MemoryTx<'a> {
    store: &'a MemoryStore,
    organization: Uuid,
    writes: bool,
    overlays: Overlays,
    slugs: Vec<(Slug, OrganizationId)>,
    /// Accounts at providers that were taken (`true`) or given back.
    links: BTreeMap<ProviderLink, bool>,
    /// Like a database, a transaction that was refused something can only be dropped.
    failed: bool,
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

impl MemoryTx<'_> {
    fn check_open(&self) -> StoreResult<()> {
        if self.failed { Err(StoreError::Fault(Misuse::Refused.into())) } else { Ok(()) }
    }

    fn seen<E: Entity>(&self, state: &State, id: Uuid) -> Option<Stored<E>> {
        match self.overlays.get::<E>().and_then(|overlay| overlay.rows.get(&id)) {
            Some(own) => own.clone(),
            None => state.table::<E>().and_then(|table| table.get(self.organization, id)).cloned(),
        }
    }

    fn write<T>(&mut self, write: impl FnOnce(&mut Overlays, Uuid, &State) -> StoreResult<T>) -> StoreResult<T> {
        self.check_open()?;
        let outcome = if self.writes {
            write(&mut self.overlays, self.organization, &self.store.read())
        } else {
            Err(StoreError::Fault(Misuse::Reading.into()))
        };
        self.failed = outcome.is_err();
        outcome
    }

    /// Writes over or removes the record of this version.
    fn replace<E: Entity>(
        &mut self,
        id: Id<E>,
        version: i64,
        write: impl FnOnce(&mut Overlays, Uuid, &State) -> StoreResult<()>,
    ) -> StoreResult<()> {
        self.write(|overlays, organization, state| {
            if overlays.version::<E>(organization, state, id.uuid()) != Some(version) {
                return Err(StoreError::Conflict { entity: E::NAME });
            }
            write(overlays, organization, state)
        })
    }
}

#[async_trait]
impl<E: Entity> Records<E> for MemoryTx<'_> {
    async fn find(&mut self, id: Id<E>) -> StoreResult<Option<Stored<E>>> {
        self.check_open()?;
        Ok(self.seen(&self.store.read(), id.uuid()))
    }

    async fn lock(&mut self, id: Id<E>) -> StoreResult<Option<Stored<E>>> {
        self.write(|overlays, organization, state| {
            let version = state.version(organization, E::NAME, id.uuid());
            if let Some(overlay) = overlays.of::<E>() {
                overlay.rest_on(id.uuid(), version);
                overlay.hold(id.uuid(), state.holds(organization, E::NAME, id.uuid()));
            }
            Ok(())
        })?;
        Ok(self.seen(&self.store.read(), id.uuid()))
    }

    async fn list(&mut self, filter: &Predicate<E>, page: &Page<E>) -> StoreResult<Vec<Stored<E>>> {
        self.check_open()?;
        let limit = usize::try_from(page.limit()).unwrap_or(usize::MAX);
        let by_id = page.order() == Field::ID && page.direction() == Direction::Ascending;
        let from = page.begin().filter(|_| by_id).and_then(|cursor| match cursor.value {
            Value::Uuid(id) => Some(id),
            _ => None,
        });
        let state = self.store.read();
        let own = self.overlays.get::<E>();
        let wanted = |row: &&Stored<E>| page.contains(row) && filter.matches(row);
        let committed = state
            .table::<E>()
            .into_iter()
            .flat_map(|table| table.candidates(self.organization, filter, from))
            .filter(|row| own.is_none_or(|overlay| !overlay.rows.contains_key(&row.id.uuid())))
            .filter(wanted);
        // Candidates come in the order of identifiers, so that such a page can stop early.
        let mut rows: Vec<Stored<E>> =
            if by_id { committed.take(limit).cloned().collect() } else { committed.cloned().collect() };
        rows.extend(own.into_iter().flat_map(|overlay| overlay.rows.values().flatten()).filter(wanted).cloned());
        rows.sort_by_cached_key(|row| ((page.order().read)(row).to_value(), row.id));
        if page.direction() == Direction::Descending {
            rows.reverse();
        }
        rows.truncate(limit);
        Ok(rows)
    }

    async fn insert(&mut self, rows: &[Stored<E>]) -> StoreResult<()> {
        self.write(|overlays, organization, state| overlays.insert(organization, state, rows))
    }

    async fn update(&mut self, row: &Stored<E>) -> StoreResult<()> {
        let before = row.version.saturating_sub(1);
        self.replace(row.id, before, |overlays, organization, state| overlays.put(organization, state, row.clone()))
    }

    async fn delete(&mut self, id: Id<E>, version: i64) -> StoreResult<()> {
        self.replace(id, version, |overlays, organization, state| overlays.remove::<E>(organization, state, id.uuid()))
    }
}

#[async_trait]
impl Agenda for MemoryTx<'_> {
    async fn claim(&mut self, claim: &Claim) -> StoreResult<Vec<Stored<Job>>> {
        self.write(|_, _, _| Ok(()))?;
        let due = Job::DUE_AT.at_most(claim.now).and(Job::STATE.is("dead").negated());
        let page = Page::ordered(Job::DUE_AT.field(), Direction::Ascending, claim.limit)
            .map_err(|error| StoreError::Fault(error.into()))?;
        let mut taken = Vec::new();
        for job in Records::<Job>::list(self, &due, &page).await? {
            let job = leased(job, claim);
            Records::<Job>::update(self, &job).await?;
            taken.push(job);
        }
        Ok(taken)
    }

    async fn finish(&mut self, jobs: &[(JobId, i64)]) -> StoreResult<usize> {
        self.write(|_, _, _| Ok(()))?;
        let mut finished = 0;
        for (id, token) in jobs {
            if let Some(job) = Records::<Job>::find(self, *id).await?
                && job.token == *token
            {
                Records::<Job>::delete(self, *id, job.version).await?;
                finished += 1;
            }
        }
        Ok(finished)
    }
}

impl LeadReport for MemoryTx<'_> {}
impl PipelineReport for MemoryTx<'_> {}

#[async_trait]
impl Tx for MemoryTx<'_> {
    async fn claim_slug(&mut self, slug: &Slug, organization: OrganizationId) -> StoreResult<()> {
        self.write(|_, own, state| {
            if own == organization.uuid() {
                state.check_slug(slug, organization)
            } else {
                Err(StoreError::Fault(Misuse::Foreign.into()))
            }
        })?;
        self.slugs.push((slug.clone(), organization));
        Ok(())
    }

    async fn claim_link(&mut self, link: &ProviderLink) -> StoreResult<()> {
        self.write(|_, organization, state| state.check_link(link, organization))?;
        self.links.insert(link.clone(), true);
        Ok(())
    }

    async fn release_link(&mut self, link: &ProviderLink) -> StoreResult<()> {
        self.write(|_, _, _| Ok(()))?;
        self.links.insert(link.clone(), false);
        Ok(())
    }

    async fn commit(self: Box<Self>) -> StoreResult<()> {
        self.check_open()?;
        let mut state = self.store.read();
        let taken = self.links.iter().filter(|(_, taken)| **taken);
        taken.map(|(link, _)| link).try_for_each(|link| state.check_link(link, self.organization))?;
        self.slugs.iter().try_for_each(|(slug, organization)| state.check_slug(slug, *organization))?;
        self.overlays.commit(self.organization, &mut state)?;
        state.slugs.extend(self.slugs);
        for (link, taken) in self.links {
            if taken {
                state.links.insert(link, Id::new(self.organization));
            } else if state.check_link(&link, self.organization).is_ok() {
                state.links.remove(&link);
            }
        }
        Ok(())
    }
}
