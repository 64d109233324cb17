//! One look at an organization: what reads it, and what was found so far.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::{Finding, Inspected};
use crate::identity::{RecordKind, RecordRef};
use crate::kernel::{Entity, Id, Page, Predicate, Result, Stored};
use crate::lead::Lead;
use crate::people::{Account, Contact};
use crate::pipeline::Opportunity;
use crate::store::{Records, Tx, UnitOfWork};

/// Records that are read at once.
const BATCH: u32 = 200;

pub(super) struct Look<'l, 'a> {
    pub(super) uow: &'l mut UnitOfWork<'a>,
    pub(super) inspected: Inspected,
}

impl<'l, 'a> Look<'l, 'a> {
    pub(super) fn new(uow: &'l mut UnitOfWork<'a>) -> Self {
        Self { uow, inspected: Inspected::default() }
    }

    pub(super) fn complain(&mut self, rule: &'static str, entity: &'static str, id: Uuid, problem: impl Into<String>) {
        self.inspected.findings.push(Finding { rule, entity, id, problem: problem.into() });
    }

    /// The next of all records of a kind that match; none when there are no more.
    pub(super) async fn next<E: Entity>(&mut self, pages: &mut Pages<E>) -> Result<Vec<Stored<E>>>
    where
        dyn Tx + 'a: Records<E>,
    {
        let Some(page) = pages.next.take() else { return Ok(Vec::new()) };
        let rows = self.uow.list_of_anyone(&pages.filter, &page).await?;
        let full = u32::try_from(rows.len()).is_ok_and(|count| count >= page.limit());
        pages.next = rows.last().filter(|_| full).map(|last| page.following(last));
        self.inspected.looked_at = self.inspected.looked_at.saturating_add(u64::try_from(rows.len()).unwrap_or(0));
        Ok(rows)
    }

    /// Whether there is a record.
    pub(super) async fn has<E: Entity>(&mut self, id: Id<E>) -> Result<bool>
    where
        dyn Tx + 'a: Records<E>,
    {
        Ok(self.uow.find_of_anyone(id).await?.is_some())
    }

    /// Those of the records that are not there.
    pub(super) async fn missing(
        &mut self,
        records: impl IntoIterator<Item = RecordRef>,
    ) -> Result<BTreeSet<RecordRef>> {
        let mut known: BTreeMap<RecordRef, bool> = BTreeMap::new();
        for record in records {
            if known.contains_key(&record) {
                continue;
            }
            let there = match record.kind {
                RecordKind::Lead => self.has::<Lead>(Id::new(record.id)).await?,
                RecordKind::Contact => self.has::<Contact>(Id::new(record.id)).await?,
                RecordKind::Account => self.has::<Account>(Id::new(record.id)).await?,
                RecordKind::Opportunity => self.has::<Opportunity>(Id::new(record.id)).await?,
            };
            known.insert(record, there);
        }
        Ok(known.into_iter().filter(|(_, there)| !there).map(|(record, _)| record).collect())
    }
}

/// All records of a kind that match, a batch at a time.
pub(super) struct Pages<E> {
    filter: Predicate<E>,
    next: Option<Page<E>>,
}

impl<E: Entity> Pages<E> {
    pub(super) fn all() -> Self {
        Self::of(Predicate::everything())
    }
    pub(super) fn of(filter: Predicate<E>) -> Self {
        Self { filter, next: Some(Page::first(BATCH)) }
    }
}
