//! Who does due work: one handler for each kind of job.
//!
//! A slice that leaves work for later offers its handlers, and the host's [`crate::crm::Crm`] keeps them all. A job whose
//! effects stay in the store is an [`InStore`]: a plain function that gets a unit of work in which the job is finished
//! already, so that effect and end are one commit. A job that speaks to the outside implements [`JobHandler`] itself.

use std::fmt;
use std::pin::Pin;

use async_trait::async_trait;

use super::session::Session;
use super::unit_of_work::UnitOfWork;
use crate::access::Permission;
use crate::agenda::Job;
use crate::kernel::{Result, Stored};

/// Does the jobs of one kind.
///
/// The session may do everything in the job's organization. A handler finishes its job itself, by
/// [`UnitOfWork::finish`] in the unit of work that holds the effect. To do it again later it fails, or schedules anew.
/// It must stand being run twice for one job: a worker may die between an effect outside and the commit. Such effects
/// carry the job's identifier as their idempotency key.
#[async_trait]
pub trait JobHandler: Send + Sync {
    /// The kind of job that it does: `noun.verb`, as in [`Job::kind`].
    fn kind(&self) -> &str;

    /// Does the job and finishes it.
    ///
    /// # Errors
    /// Any: the job keeps the message and returns after a pause, until it has had all its attempts. `LeaseLost` means
    /// that another worker has the job now, and is no failure of it.
    async fn run(&self, session: &Session, job: &Stored<Job>) -> Result<()>;
}

/// What an [`InStore`] does: changes in a unit of work that it does not commit.
pub type Work =
    for<'w> fn(&'w mut UnitOfWork<'_>, &'w Stored<Job>) -> Pin<Box<dyn Future<Output = Result<()>> + Send + 'w>>;

/// A handler whose effects all stay in the store: they are kept together with the job's end, or not at all.
#[derive(Clone, Copy)]
pub struct InStore {
    kind: &'static str,
    work: Work,
}

impl InStore {
    /// Does this work for jobs of this kind: `InStore::new("noun.verb", |uow, job| Box::pin(run_verb(uow, job)))`.
    #[must_use]
    pub const fn new(kind: &'static str, work: Work) -> Self {
        Self { kind, work }
    }
}

impl fmt::Debug for InStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("InStore").field(&self.kind).finish()
    }
}

#[async_trait]
impl JobHandler for InStore {
    fn kind(&self) -> &str {
        self.kind
    }

    async fn run(&self, session: &Session, job: &Stored<Job>) -> Result<()> {
        let mut uow = session.begin(Permission::AgendaRun).await?;
        uow.finish(job).await?;
        (self.work)(&mut uow, job).await?;
        uow.commit().await
    }
}
