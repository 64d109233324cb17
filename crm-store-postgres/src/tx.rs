//! A transaction of one organization.
//!
//! It is opened by one message that names the organization (`set local app.org_id`), which the row policies compare with
//! and which ends with the transaction. Once a statement was refused, nothing but dropping is possible: PostgreSQL would
//! answer a later commit with a silent rollback.

use async_trait::async_trait;
use crm_core::access::{Intent, OrganizationId, ProviderLink, Slug};
use crm_core::kernel::{Entity, Stored};
use crm_core::pipeline::PipelineReport;
use crm_core::store::{StoreError, StoreResult, Tx};
use sqlx::postgres::{PgArguments, PgConnection, PgRow};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Postgres, Transaction};
use uuid::Uuid;

use crate::PgStore;
use crate::cell::{CellError, Kind};
use crate::fault::{Aborted, fault, is_unavailable};
use crate::row::{column, read_row};
use crate::statement::{Binds, Statement};
use crate::table::Table;
use crate::term::KnownTerms;

pub(crate) const TAKE_SLUG: &str =
    "insert into crm.organization_slug (slug, organization) values ($1, $2) on conflict (slug) do nothing";

pub(crate) const TAKE_LINK: &str = "insert into crm.provider_link (provider, external_id, organization) \
                                    values ($1, $2, $3) on conflict (provider, external_id) do nothing";
pub(crate) const HOLDER_OF_LINK: &str =
    "select l.organization from crm.provider_link l where l.provider = $1 and l.external_id = $2";
pub(crate) const RELEASE_LINK: &str =
    "delete from crm.provider_link l where l.provider = $1 and l.external_id = $2 and l.organization = $3";

/// The provider and the account of a link.
pub(crate) fn link_binds(link: &ProviderLink) -> Result<Binds, CellError> {
    let mut binds = Binds::default();
    binds.push(link.provider(), Kind::Text)?;
    binds.push(link.external_id(), Kind::Text)?;
    Ok(binds)
}

/// An open transaction of one organization. Dropping it undoes everything.
pub struct PgTx<'a> {
    transaction: Transaction<'static, Postgres>,
    pub(crate) store: &'a PgStore,
    pub(crate) organization: Uuid,
    pub(crate) terms: KnownTerms,
    writes: bool,
    failed: bool,
}

impl<'a> PgTx<'a> {
    pub(crate) async fn begin(store: &'a PgStore, organization: Uuid, intent: Intent) -> StoreResult<Self> {
        let mode = match intent {
            Intent::Read => "begin read only",
            Intent::Write => "begin",
        };
        // The identifier is formatted by its type: hexadecimal digits and hyphens, whatever it is.
        let opening = format!("{mode}; set local app.org_id = '{}'", organization.hyphenated());
        let transaction = begin_anew(store, &opening).await?;
        let writes = intent == Intent::Write;
        Ok(Self { transaction, store, organization, terms: KnownTerms::default(), writes, failed: false })
    }

    /// Refuses to go on after a refusal.
    pub(crate) fn check_open(&self) -> StoreResult<()> {
        if self.failed { Err(StoreError::Fault(Aborted.into())) } else { Ok(()) }
    }

    /// Remembers that something was refused.
    pub(crate) fn refused(&mut self, error: StoreError) -> StoreError {
        self.failed = true;
        error
    }

    /// Remembers that a value could not be sent or read.
    pub(crate) fn defect(&mut self, error: CellError) -> StoreError {
        self.refused(StoreError::Fault(error.into()))
    }

    /// Values that begin with the organization, which every statement has in the first place.
    pub(crate) fn binds(&mut self) -> StoreResult<Binds> {
        let mut binds = Binds::default();
        binds.push(&self.organization, Kind::Uuid).map_err(|error| self.defect(error))?;
        Ok(binds)
    }

    pub(crate) async fn rows(&mut self, statement: Statement) -> Result<Vec<PgRow>, sqlx::Error> {
        let connection: &mut PgConnection = &mut self.transaction;
        query(statement).fetch_all(connection).await
    }

    pub(crate) async fn row(&mut self, statement: Statement) -> Result<Option<PgRow>, sqlx::Error> {
        let connection: &mut PgConnection = &mut self.transaction;
        query(statement).fetch_optional(connection).await
    }

    /// Executes a statement; answers how many rows it touched.
    pub(crate) async fn execute(&mut self, statement: Statement) -> Result<u64, sqlx::Error> {
        let connection: &mut PgConnection = &mut self.transaction;
        Ok(query(statement).execute(connection).await?.rows_affected())
    }

    /// Reads a record, and remembers its terms when it may be saved later.
    pub(crate) fn read<E: Entity>(&mut self, row: &PgRow, table: &Table) -> StoreResult<Stored<E>> {
        let stored = read_row(row, table).map_err(|error| {
            let error = CellError(format!("a stored {} cannot be read: {error}", E::NAME));
            self.defect(error)
        })?;
        if self.writes && table.has_terms {
            self.terms.remember(&stored);
        }
        Ok(stored)
    }
}

/// Opens a transaction, on another connection when the server has closed those that waited in the pool.
pub(crate) async fn begin_anew(store: &PgStore, opening: &str) -> StoreResult<Transaction<'static, Postgres>> {
    let mut attempts = store.pool.options().get_max_connections();
    loop {
        match store.pool.begin_with(AssertSqlSafe(opening.to_owned())).await {
            Ok(transaction) => return Ok(transaction),
            Err(sqlx::Error::PoolTimedOut) => return Err(fault(sqlx::Error::PoolTimedOut)),
            Err(error) if attempts > 0 && is_unavailable(&error) => attempts -= 1,
            Err(error) => return Err(fault(error)),
        }
    }
}

pub(crate) fn query(statement: Statement) -> Query<'static, Postgres, PgArguments> {
    sqlx::query_with(AssertSqlSafe(statement.text), statement.binds.into_arguments()).persistent(statement.named)
}

impl PipelineReport for PgTx<'_> {}

#[async_trait]
impl Tx for PgTx<'_> {
    async fn claim_slug(&mut self, slug: &Slug, organization: OrganizationId) -> StoreResult<()> {
        self.check_open()?;
        let mut binds = Binds::default();
        binds.push(slug, Kind::Text).map_err(|error| self.defect(error))?;
        binds.push(&organization, Kind::Uuid).map_err(|error| self.defect(error))?;
        let taken = self.execute(Statement::named(TAKE_SLUG.into(), binds)).await;
        if taken.map_err(|error| self.refused(fault(error)))? == 1 {
            return Ok(());
        }
        let holder = PgStore::holder_of(slug).map_err(|error| self.defect(error))?;
        let holder = self.row(holder).await.map_err(|error| self.refused(fault(error)))?;
        let holder = holder.map(|row| column::<Uuid>(&row, 0, Kind::Uuid)).transpose();
        if holder.map_err(|error| self.defect(error))? == Some(organization.uuid()) {
            return Ok(());
        }
        Err(self.refused(StoreError::SlugTaken(slug.to_string())))
    }

    async fn claim_link(&mut self, link: &ProviderLink) -> StoreResult<()> {
        self.check_open()?;
        let mut binds = link_binds(link).map_err(|error| self.defect(error))?;
        binds.push(&self.organization, Kind::Uuid).map_err(|error| self.defect(error))?;
        let taken = self.execute(Statement::named(TAKE_LINK.into(), binds)).await;
        if taken.map_err(|error| self.refused(fault(error)))? == 1 {
            return Ok(());
        }
        let binds = link_binds(link).map_err(|error| self.defect(error))?;
        let holder = self.row(Statement::named(HOLDER_OF_LINK.into(), binds)).await;
        let holder = holder.map_err(|error| self.refused(fault(error)))?;
        let holder = holder.map(|row| column::<Uuid>(&row, 0, Kind::Uuid)).transpose();
        if holder.map_err(|error| self.defect(error))? == Some(self.organization) {
            return Ok(());
        }
        Err(self.refused(StoreError::ProviderLinkTaken(link.clone())))
    }

    async fn release_link(&mut self, link: &ProviderLink) -> StoreResult<()> {
        self.check_open()?;
        let mut binds = link_binds(link).map_err(|error| self.defect(error))?;
        binds.push(&self.organization, Kind::Uuid).map_err(|error| self.defect(error))?;
        let released = self.execute(Statement::named(RELEASE_LINK.into(), binds)).await;
        released.map(|_| ()).map_err(|error| self.refused(fault(error)))
    }

    async fn commit(self: Box<Self>) -> StoreResult<()> {
        self.check_open()?;
        self.transaction.commit().await.map_err(fault)
    }
}
