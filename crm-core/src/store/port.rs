//! What a store must do.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use async_trait::async_trait;

use crate::access::{Intent, OrganizationId, ProviderLink, Slug};
use crate::agenda::{Claim, Job, JobId};
use crate::kernel::page::LARGEST_PAGE;
use crate::kernel::{Entity, Field, FieldProblem, Id, Kind, Page, Predicate, Rule, Stored, Timestamp, Value};

use super::contents::Tx;
use super::watch::BoxWatch;

/// What a store refuses or fails at. Never carries SQL, constraint or host names.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another transaction changed the record first.
    #[error("the {entity} was changed by someone else in the meantime; read it again and repeat the change")]
    Conflict {
        /// [`Entity::NAME`].
        entity: &'static str,
    },
    /// Another record of the organization has the same key.
    #[error("another {entity} has the same {key} already; give another {key}, or use the one that is there")]
    Duplicate {
        /// [`Entity::NAME`].
        entity: &'static str,
        /// [`crate::kernel::Key::name`].
        key: &'static str,
    },
    /// A record that this one refers to does not exist in the organization.
    #[error("the {target} that '{column}' of the {entity} names does not exist; name one that does")]
    MissingReference {
        /// [`Entity::NAME`] of the record that refers.
        entity: &'static str,
        /// [`crate::kernel::Reference::column`].
        column: &'static str,
        /// [`Entity::NAME`] of the record that is missing.
        target: &'static str,
    },
    /// Other records refer to the one that should go.
    #[error("the {entity} is still referred to by a {by}; remove or change that first")]
    StillReferenced {
        /// [`Entity::NAME`] of the record that should go.
        entity: &'static str,
        /// [`Entity::NAME`] of a record that refers to it.
        by: &'static str,
    },
    /// The slug belongs to another organization.
    #[error("the slug '{0}' is taken; choose another")]
    SlugTaken(String),
    /// The account at a provider belongs to another organization.
    #[error("the account {0} is connected to another organization of this installation; disconnect it there first")]
    ProviderLinkTaken(ProviderLink),
    /// The store can't be reached, or took too long; nothing was written.
    #[error("the database cannot be reached now; try again")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The line was lost while the transaction was being kept: it was kept as a whole, or nothing of it was.
    #[error("the database went away while the change was being kept; look whether it is there before trying again")]
    OutcomeUnknown(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A defect of ours or a damaged database; the cause is for the log.
    #[error("the database answered something unexpected")]
    Fault(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Rule for StoreError {
    fn code(&self) -> &'static str {
        match self {
            Self::Conflict { .. } => "record.changed_meanwhile",
            Self::Duplicate { .. } => "record.duplicate",
            Self::MissingReference { .. } => "record.missing_reference",
            Self::StillReferenced { .. } => "record.still_referenced",
            Self::SlugTaken(_) => "organization.slug_taken",
            Self::ProviderLinkTaken(_) => "provider_link.taken",
            Self::Unavailable(_) => "store.unavailable",
            Self::OutcomeUnknown(_) => "store.outcome_unknown",
            Self::Fault(_) => "store.fault",
        }
    }
    fn kind(&self) -> Kind {
        match self {
            Self::Conflict { .. }
            | Self::Duplicate { .. }
            | Self::StillReferenced { .. }
            | Self::SlugTaken(_)
            | Self::ProviderLinkTaken(_) => Kind::Conflict,
            Self::MissingReference { .. } => Kind::Invalid,
            Self::Unavailable(_) | Self::OutcomeUnknown(_) => Kind::Unavailable,
            Self::Fault(_) => Kind::Internal,
        }
    }
    fn fields(&self) -> Vec<FieldProblem> {
        match self {
            Self::Duplicate { key, .. } => vec![FieldProblem::of(*key, self)],
            Self::MissingReference { column, .. } => vec![FieldProblem::of(*column, self)],
            Self::SlugTaken(_) => vec![FieldProblem::of("slug", self)],
            _ => Vec::new(),
        }
    }
}

/// A store was asked for accounts at providers and keeps none.
#[derive(Debug, thiserror::Error)]
#[error("this store keeps no accounts at providers")]
pub(super) struct NoLinks;

/// A store was asked for a list of its organizations and has none.
#[derive(Debug, thiserror::Error)]
#[error("this store does not list its organizations")]
struct NoList;

/// What a store's operations return.
pub type StoreResult<T> = Result<T, StoreError>;

/// Reading and writing of one kind of record, in a transaction of one organization.
#[async_trait]
#[diagnostic::on_unimplemented(
    message = "`{E}` cannot be stored: no `Records<{E}>` in the list of `Tx`",
    note = "add it to the table of contents in crm-core/src/store/contents.rs"
)]
pub trait Records<E: Entity>: Send {
    /// The record, when the organization has it.
    async fn find(&mut self, id: Id<E>) -> StoreResult<Option<Stored<E>>>;
    /// The record, held against other writers until the transaction ends.
    async fn lock(&mut self, id: Id<E>) -> StoreResult<Option<Stored<E>>>;
    /// The records that match, in the page's order.
    async fn list(&mut self, filter: &Predicate<E>, page: &Page<E>) -> StoreResult<Vec<Stored<E>>>;
    /// Adds records. None is added when one is refused, which a store may say as late as of the next call or of the commit:
    /// what was added may wait so long, to be sent together.
    async fn insert(&mut self, rows: &[Stored<E>]) -> StoreResult<()>;
    /// Replaces the record of version `row.version - 1`; `Conflict` when it is not there.
    async fn update(&mut self, row: &Stored<E>) -> StoreResult<()>;
    /// Removes the record of this version; `Conflict` when it is not there.
    async fn delete(&mut self, id: Id<E>, version: i64) -> StoreResult<()>;
    /// How many of the records that match have each value of a field, as [`Count`] orders them, at most `most` of them.
    ///
    /// This reads page after page and is the reference: a store that can group may answer fields of text and identifiers
    /// with one statement, and must answer the same.
    async fn count_by(&mut self, field: Field<E>, filter: &Predicate<E>, most: u32) -> StoreResult<Vec<Count>> {
        count_by_reading(self, field, filter, most).await
    }
}

/// How many records have a value. Sorts with the most frequent first; of values that are as frequent the least first, and
/// behind all of them no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    /// The value; nothing for records without one.
    pub value: Option<Value>,
    /// How many records.
    pub count: i64,
}

impl Count {
    fn place(&self) -> (Reverse<i64>, bool, &Option<Value>) {
        (Reverse(self.count), self.value.is_none(), &self.value)
    }
}

/// Counts records by a field through nothing but lists.
///
/// # Errors
/// Those of the store.
pub async fn count_by_reading<E: Entity, R: Records<E> + ?Sized>(
    records: &mut R,
    field: Field<E>,
    filter: &Predicate<E>,
    most: u32,
) -> StoreResult<Vec<Count>> {
    let mut counts: BTreeMap<Option<Value>, i64> = BTreeMap::new();
    let mut page = Page::first(LARGEST_PAGE);
    loop {
        let rows = records.list(filter, &page).await?;
        for row in &rows {
            *counts.entry((field.read)(row).to_value()).or_default() += 1;
        }
        let full = u32::try_from(rows.len()).is_ok_and(|count| count >= page.limit());
        match rows.last() {
            Some(last) if full => page = page.following(last),
            _ => break,
        }
    }
    let mut counts: Vec<_> = counts.into_iter().map(|(value, count)| Count { value, count }).collect();
    counts.sort_by(|one, other| one.place().cmp(&other.place()));
    counts.truncate(usize::try_from(most).unwrap_or(usize::MAX));
    Ok(counts)
}

/// Leasing and finishing of due work, in a transaction of one organization.
#[async_trait]
pub trait Agenda: Send {
    /// Leases jobs that are due, the longest due first, passing over those that another transaction is claiming.
    async fn claim(&mut self, claim: &Claim) -> StoreResult<Vec<Stored<Job>>>;
    /// Removes jobs whose token is still the given one; answers how many.
    async fn finish(&mut self, jobs: &[(JobId, i64)]) -> StoreResult<usize>;
}

/// An open transaction.
pub type BoxTx<'a> = Box<dyn Tx + 'a>;

/// Opens transactions.
#[async_trait]
pub trait Store: Send + Sync {
    /// Opens a transaction that sees and touches one organization only.
    async fn begin(&self, organization: OrganizationId, intent: Intent) -> StoreResult<BoxTx<'_>>;
    /// Organizations with jobs due at `now`, the longest waiting first, at most `limit`.
    async fn organizations_with_due_jobs(&self, now: Timestamp, limit: u32) -> StoreResult<Vec<OrganizationId>>;
    /// The organization with this slug.
    async fn organization_by_slug(&self, slug: &Slug) -> StoreResult<Option<OrganizationId>>;
    /// The organization that has this account at a provider. A store that keeps none refuses.
    async fn organization_by_link(&self, _link: &ProviderLink) -> StoreResult<Option<OrganizationId>> {
        Err(StoreError::Fault(NoLinks.into()))
    }
    /// A listener to what is committed here by any process; nothing for a store that tells of nothing.
    fn watch(&self) -> Option<BoxWatch<'_>> {
        None
    }

    /// Slugs behind `after` in their order, and whose they are, at most `limit`. A store that can't list them refuses.
    async fn organizations(&self, _after: Option<&Slug>, _limit: u32) -> StoreResult<Vec<(Slug, OrganizationId)>> {
        Err(StoreError::Fault(NoList.into()))
    }
}

#[async_trait]
impl<S: Store + ?Sized> Store for std::sync::Arc<S> {
    async fn begin(&self, organization: OrganizationId, intent: Intent) -> StoreResult<BoxTx<'_>> {
        (**self).begin(organization, intent).await
    }
    async fn organizations_with_due_jobs(&self, now: Timestamp, limit: u32) -> StoreResult<Vec<OrganizationId>> {
        (**self).organizations_with_due_jobs(now, limit).await
    }
    async fn organization_by_slug(&self, slug: &Slug) -> StoreResult<Option<OrganizationId>> {
        (**self).organization_by_slug(slug).await
    }
    async fn organization_by_link(&self, link: &ProviderLink) -> StoreResult<Option<OrganizationId>> {
        (**self).organization_by_link(link).await
    }
    fn watch(&self) -> Option<BoxWatch<'_>> {
        (**self).watch()
    }

    async fn organizations(&self, after: Option<&Slug>, limit: u32) -> StoreResult<Vec<(Slug, OrganizationId)>> {
        (**self).organizations(after, limit).await
    }
}
