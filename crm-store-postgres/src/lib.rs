//! The production store: PostgreSQL 15 or later, and unchanged a Citus cluster.
//!
//! One blanket implementation keeps every entity: a table with a real column for each field (`row`, `cell`), the
//! predicate's tree as SQL (`predicate`), one transaction for one organization (`tx`). Row security keeps the
//! organizations apart even if a statement forgot to, and [`PgStore::connect`] refuses to serve a database or a role for
//! which that would not hold. The rules that the schema follows stand in `migrations/README.md`.
//!
//! ```no_run
//! # async fn open() -> Result<(), crm_store_postgres::SetupError> {
//! use crm_store_postgres::PgStore;
//! PgStore::migrate("postgres://admin@db.example/crm").await?;
//! let store = PgStore::connect("postgres://crm_app@db.example/crm").await?;
//! # Ok(())
//! # }
//! ```

mod agenda;
mod catalog;
mod cell;
mod draft;
mod fault;
mod migrations;
mod numeric;
mod pool;
mod predicate;
mod record;
mod records;
mod report;
mod row;
mod setup;
mod statement;
mod table;
mod term;
mod tx;
mod waiting;
mod watch;
mod write;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use crm_core::access::{Intent, OrganizationId, ProviderLink, Slug};
use crm_core::agenda::Job;
use crm_core::kernel::{Entity, Timestamp};
use crm_core::store::{BoxTx, BoxWatch, Store, StoreResult};
use sqlx::postgres::PgConnectOptions;
use uuid::Uuid;

use crate::cell::{CellError, Kind};
use crate::pool::Connections;
use crate::statement::{Binds, Statement};
use crate::table::{Declaration, Tables};
use crate::tx::defect;

pub use draft::draft;
pub use setup::{PgOptions, SetupError};
pub use tx::PgTx;

/// A store in a PostgreSQL database. Clones share its connections.
#[derive(Clone)]
pub struct PgStore {
    pool: Connections,
    tables: Arc<Tables>,
    joins_inserts: bool,
    listening: Arc<PgConnectOptions>,
}

impl fmt::Debug for PgStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PgStore").finish_non_exhaustive()
    }
}

impl PgStore {
    /// Opens the database at `url` as the role `crm_app` or one like it, with the usual limits.
    ///
    /// # Errors
    /// Those of [`PgStore::connect_with`].
    pub async fn connect(url: &str) -> Result<Self, SetupError> {
        Self::connect_with(url, &PgOptions::default()).await
    }

    /// Opens the database at `url` and checks that its schema fits and keeps organizations apart.
    ///
    /// # Errors
    /// `Unreachable`; `Mismatch` when a table is missing or differs from its entity; `Insecure` when the role or a table
    /// would let one organization see another.
    pub async fn connect_with(url: &str, options: &PgOptions) -> Result<Self, SetupError> {
        let pool = setup::pool(url, options)?;
        let mut connection = pool.lend().await.map_err(SetupError::Unreachable)?;
        let tables = catalog::load(&mut connection).await?;
        catalog::check_entities(&tables)?;
        catalog::check_security(&mut connection, &tables).await?;
        connection.rest();
        let listening = Arc::new(setup::listening(url, options)?);
        Ok(Self { pool, tables: Arc::new(tables), joins_inserts: options.join_inserts, listening })
    }

    /// Makes the roles, the schema `crm` and all its tables in the database, or brings them up to date.
    ///
    /// The role of `admin_url` must be allowed to create roles and schemas. Roles are made without a password; give
    /// `crm_app` one, or another way to sign in, when deploying.
    ///
    /// # Errors
    /// `Unreachable`, `Migration`.
    pub async fn migrate(admin_url: &str) -> Result<(), SetupError> {
        setup::migrate(admin_url).await
    }

    /// Opens a transaction that keeps records of any entity with a table in the schema `crm`, a host's own included.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn transaction(&self, organization: OrganizationId, intent: Intent) -> StoreResult<PgTx<'_>> {
        PgTx::begin(self, organization.uuid(), intent).await
    }

    /// How an entity's declaration and its table differ; empty when they fit.
    #[must_use]
    pub fn differences<E: Entity>(&self) -> Vec<String> {
        catalog::differences(&Declaration::of::<E>(), &self.tables)
    }

    /// The text of every statement that does not depend on its values, for checks against a schema.
    #[must_use]
    pub fn statements(&self) -> Vec<Arc<str>> {
        let own = [
            term::DELETE,
            agenda::FINISH,
            agenda::DUE_ORGANIZATIONS,
            tx::TAKE_SLUG,
            HOLDER_OF_SLUG,
            SLUGS,
            tx::TAKE_LINK,
            tx::HOLDER_OF_LINK,
            tx::RELEASE_LINK,
            watch::TELL,
        ];
        let of_tables = self.tables.known();
        let of_tables = of_tables.iter().flat_map(|table| table.statements()).cloned();
        let lease = self.tables.of::<Job>().ok().map(|table| agenda::lease_text(&table, 1).into());
        of_tables.chain(own.into_iter().map(Arc::from)).chain(lease).collect()
    }

    /// Closes all connections; transactions that are still open are undone when they end.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    fn holder_of(slug: &Slug) -> Result<Statement, CellError> {
        let mut binds = Binds::default();
        binds.push(slug, Kind::Text)?;
        Ok(Statement::named(HOLDER_OF_SLUG.into(), binds))
    }

    /// The organization that a question answers with.
    async fn holder<F>(&self, question: F) -> StoreResult<Option<OrganizationId>>
    where
        F: Fn() -> Result<Statement, CellError> + Send,
    {
        let rows = tx::ask(self, question).await?;
        let holder = rows.first().map(|row| row::column::<Uuid>(row, 0, Kind::Uuid)).transpose().map_err(defect)?;
        Ok(holder.map(OrganizationId::new))
    }
}

const SLUGS: &str =
    "select s.slug, s.organization from crm.organization_slug s where s.slug > $1 order by s.slug limit $2";
const HOLDER_OF_SLUG: &str = "select s.organization from crm.organization_slug s where s.slug = $1";

#[async_trait]
impl Store for PgStore {
    async fn begin(&self, organization: OrganizationId, intent: Intent) -> StoreResult<BoxTx<'_>> {
        Ok(Box::new(self.transaction(organization, intent).await?))
    }

    async fn organizations_with_due_jobs(&self, now: Timestamp, limit: u32) -> StoreResult<Vec<OrganizationId>> {
        let mut connection = tx::begin_anew(self, agenda::OPEN_AS_WORKER).await?;
        let rows = agenda::due_organizations(&mut connection, now, limit).await.map_err(fault::fault)?;
        rows.iter().map(agenda::organization).collect::<Result<_, _>>().map_err(defect)
    }

    async fn organization_by_slug(&self, slug: &Slug) -> StoreResult<Option<OrganizationId>> {
        self.holder(|| Self::holder_of(slug)).await
    }

    async fn organization_by_link(&self, link: &ProviderLink) -> StoreResult<Option<OrganizationId>> {
        self.holder(|| Ok(Statement::named(tx::HOLDER_OF_LINK.into(), tx::link_binds(link)?))).await
    }

    fn watch(&self) -> Option<BoxWatch<'_>> {
        Some(Box::new(watch::PgWatch::new((*self.listening).clone())))
    }

    async fn organizations(&self, after: Option<&Slug>, limit: u32) -> StoreResult<Vec<(Slug, OrganizationId)>> {
        let question = || {
            let mut binds = Binds::default();
            binds.push(&after.map_or("", Slug::as_str), Kind::Text)?;
            binds.push(&limit, Kind::BigInt)?;
            Ok(Statement::once(SLUGS, binds))
        };
        let rows = tx::ask(self, question).await?;
        let read = |row| {
            let holder = row::column::<Uuid>(row, 1, Kind::Uuid)?;
            Ok((row::column::<Slug>(row, 0, Kind::Text)?, OrganizationId::new(holder)))
        };
        rows.iter().map(read).collect::<Result<_, CellError>>().map_err(defect)
    }
}
