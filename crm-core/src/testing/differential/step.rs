//! Single steps of a script.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::access::{OrganizationId, ProviderLink, Slug};
use crate::agenda::{Claim, Job, JobId};
use crate::kernel::{Entity, Id, Page, Predicate, Stored, Timestamp};
use crate::store::{Agenda, Records, StoreError, StoreResult, Tx};
use crate::testing::arb::{Sample, instant, page, pool_id, predicate, stored};

/// Something to be done in a transaction, whose outcome can be told.
#[async_trait]
pub(super) trait Step: Debug + Send + Sync {
    async fn take(&self, tx: &mut (dyn Tx + '_)) -> StoreResult<String>;

    /// Whether it adds records, which a store may refuse as late as with the next call.
    fn adds(&self) -> bool {
        false
    }
}

/// One of the verbs. A bold one is tried although it can be seen that it will be refused.
#[derive(Debug)]
enum Verb<E> {
    Insert { rows: Vec<Stored<E>>, bold: bool },
    Update { row: Stored<E>, bold: bool },
    Delete { id: Id<E>, bold: bool },
    Find(Id<E>),
    Lock(Id<E>),
    List(Predicate<E>, Page<E>),
    Walk(Predicate<E>, Page<E>),
}

fn id<E: 'static>() -> BoxedStrategy<Id<E>> {
    (0..8_u8).prop_map(pool_id).boxed()
}

fn shared<S: Step + 'static>(step: S) -> Arc<dyn Step> {
    Arc::new(step)
}

/// All that can be done with records of a kind.
pub(super) fn steps<E: Sample>() -> BoxedStrategy<Arc<dyn Step>>
where
    for<'t> dyn Tx + 't: Records<E>,
{
    let bold = || prop::bool::weighted(0.1);
    let update = (stored::<E>(), bold()).prop_map(|(row, bold)| shared(Verb::Update { row, bold }));
    let delete = (id::<E>(), bold()).prop_map(|(id, bold)| shared(Verb::Delete { id, bold }));
    let lock = id::<E>().prop_map(|id| shared(Verb::Lock(id)));
    prop_oneof![9 => history::<E>(), 1 => lock, 4 => update, 4 => delete].boxed()
}

/// All that can be done with records of a kind that are never changed, nor held for a change.
pub(super) fn history<E: Sample>() -> BoxedStrategy<Arc<dyn Step>>
where
    for<'t> dyn Tx + 't: Records<E>,
{
    let insert = (vec(stored::<E>(), 1..=3), prop::bool::weighted(0.1));
    prop_oneof![
        5 => insert.prop_map(|(rows, bold)| shared(Verb::Insert { rows, bold })),
        1 => id::<E>().prop_map(|id| shared(Verb::Find(id))),
        3 => (predicate::<E>(), page::<E>()).prop_map(|(filter, page)| shared(Verb::List(filter, page))),
        1 => (predicate::<E>(), page::<E>()).prop_map(|(filter, page)| shared(Verb::Walk(filter, page))),
    ]
    .boxed()
}

/// The adding of one record.
pub(super) fn seed<E: Sample>() -> BoxedStrategy<Arc<dyn Step>>
where
    for<'t> dyn Tx + 't: Records<E>,
{
    stored::<E>().prop_map(|row| shared(Verb::Insert { rows: vec![row], bold: false })).boxed()
}

/// The step that shows all records of a kind.
pub(super) fn everything<E: Entity>() -> Arc<dyn Step>
where
    for<'t> dyn Tx + 't: Records<E>,
{
    shared(Verb::<E>::Walk(Predicate::everything(), Page::first(1_000)))
}

#[async_trait]
impl<E: Entity> Step for Verb<E>
where
    for<'t> dyn Tx + 't: Records<E>,
{
    fn adds(&self) -> bool {
        matches!(self, Self::Insert { .. })
    }

    async fn take(&self, tx: &mut (dyn Tx + '_)) -> StoreResult<String> {
        match self {
            Self::Insert { rows, bold: true } => Records::<E>::insert(tx, rows).await.map(|()| told(rows.len())),
            Self::Insert { rows, bold: false } => {
                let mut new: Vec<Stored<E>> = Vec::new();
                for row in rows {
                    let known =
                        new.iter().any(|own| own.id == row.id) || Records::<E>::find(tx, row.id).await?.is_some();
                    if !known {
                        new.push(row.clone());
                    }
                }
                Records::<E>::insert(tx, &new).await.map(|()| told(new.len()))
            }
            Self::Update { row, bold } => {
                let found = Records::<E>::find(tx, row.id).await?;
                let (version, created_at) = match (&found, bold) {
                    (None, false) => return Ok(told(0)),
                    (Some(found), false) => (found.version + 1, found.created_at),
                    (Some(found), true) => (found.version, found.created_at),
                    (None, true) => (2, row.created_at),
                };
                let row = Stored { version, created_at, ..row.clone() };
                Records::<E>::update(tx, &row).await.map(|()| told(1))
            }
            Self::Delete { id, bold } => {
                let version = match (Records::<E>::find(tx, *id).await?, bold) {
                    (None, false) => return Ok(told(0)),
                    (Some(found), false) => found.version,
                    (found, true) => found.map_or(1, |found| found.version + 1),
                };
                Records::<E>::delete(tx, *id, version).await.map(|()| told(1))
            }
            Self::Find(id) => Ok(format!("{:?}", Records::<E>::find(tx, *id).await?)),
            Self::Lock(id) => Ok(format!("{:?}", Records::<E>::lock(tx, *id).await?)),
            Self::List(filter, page) => Ok(format!("{:?}", Records::<E>::list(tx, filter, page).await?)),
            Self::Walk(filter, page) => {
                let (mut page, mut walked) = (page.clone(), Vec::new());
                // The pool has fewer identifiers than a walk may have pages: this ends on broken stores too.
                for _ in 0..20 {
                    let rows = Records::<E>::list(tx, filter, &page).await?;
                    let Some(last) = rows.last() else { break };
                    page = page.following(last);
                    walked.extend(rows);
                }
                Ok(format!("{walked:?}"))
            }
        }
    }
}

fn told(rows: usize) -> String {
    format!("{rows} rows")
}

/// Claiming and finishing of jobs.
#[derive(Debug)]
pub(super) enum AgendaStep {
    Claim { now: Timestamp, limit: u32, lease: Duration },
    Finish(Vec<(JobId, i64)>),
}

impl AgendaStep {
    pub(super) fn any() -> BoxedStrategy<Arc<dyn Step>> {
        let lease = prop_oneof![Just(Duration::ZERO), Just(Duration::from_micros(1)), Just(Duration::from_mins(1))];
        let claim =
            (instant(), 1..=3_u32, lease).prop_map(|(now, limit, lease)| shared(Self::Claim { now, limit, lease }));
        let finish = vec((id::<Job>(), 0..4_i64), 0..=3).prop_map(|jobs| shared(Self::Finish(jobs)));
        prop_oneof![claim, finish].boxed()
    }
}

#[async_trait]
impl Step for AgendaStep {
    async fn take(&self, tx: &mut (dyn Tx + '_)) -> StoreResult<String> {
        match self {
            Self::Claim { now, limit, lease } => {
                let claim = Claim { worker: "worker".to_owned(), now: *now, lease: *lease, limit: *limit };
                Ok(format!("{:?}", Agenda::claim(tx, &claim).await?))
            }
            Self::Finish(jobs) => Agenda::finish(tx, jobs).await.map(told),
        }
    }
}

/// What organizations share and may take from one another: slugs, and accounts at providers.
pub(super) fn claims() -> BoxedStrategy<Arc<dyn Step>> {
    proptest::prop_oneof![2 => SlugStep::any(), 1 => LinkStep::any()].boxed()
}

/// Taking of the one account at a provider, and giving it back.
#[derive(Debug)]
struct LinkStep {
    gives_back: bool,
}

impl LinkStep {
    fn any() -> BoxedStrategy<Arc<dyn Step>> {
        proptest::bool::weighted(0.1).prop_map(|gives_back| shared(Self { gives_back })).boxed()
    }
}

#[async_trait]
impl Step for LinkStep {
    async fn take(&self, tx: &mut (dyn Tx + '_)) -> StoreResult<String> {
        let link = ProviderLink::new("whatsapp", "300400500600701").map_err(|error| StoreError::Fault(error.into()))?;
        let done = if self.gives_back { tx.release_link(&link).await } else { tx.claim_link(&link).await };
        done.map(|()| String::new())
    }
}

/// Taking of slugs.
#[derive(Debug)]
pub(super) struct SlugStep {
    slug: &'static str,
    organization: OrganizationId,
}

impl SlugStep {
    pub(super) const SLUGS: &[&str] = &["acme", "other"];

    /// Half of them are refused: a transaction takes slugs for its own organization only.
    pub(super) fn any() -> BoxedStrategy<Arc<dyn Step>> {
        let organization = (0..super::ORGANIZATIONS).prop_map(super::organization);
        let parts = (proptest::sample::select(Self::SLUGS), organization);
        parts.prop_map(|(slug, organization)| shared(Self { slug, organization })).boxed()
    }
}

#[async_trait]
impl Step for SlugStep {
    async fn take(&self, tx: &mut (dyn Tx + '_)) -> StoreResult<String> {
        let slug = Slug::try_from(self.slug.to_owned()).map_err(|error| StoreError::Fault(error.into()))?;
        tx.claim_slug(&slug, self.organization).await.map(|()| String::new())
    }
}
