//! A transaction of one organization.
//!
//! It is opened by one message that names the organization (`set local app.org_id`), which the row policies compare with
//! and which ends with the transaction. Once a statement was refused, nothing but dropping is possible: PostgreSQL would
//! answer a later commit with a silent rollback.

use std::sync::Arc;

use async_trait::async_trait;
use crm_core::access::{Intent, OrganizationId, ProviderLink, Slug};
use crm_core::kernel::{Entity, Stored};
use crm_core::store::{StoreError, StoreResult, Tx};
use sqlx::postgres::{PgArguments, PgConnection, PgRow};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Postgres};
use uuid::Uuid;

use crate::PgStore;
use crate::cell::{CellError, Kind};
use crate::fault::{fault, is_unavailable, refusal, unkept};
use crate::pool::Lent;
use crate::record::Record;
use crate::row::{column, read_row};
use crate::statement::{Binds, Statement};
use crate::table::Table;
use crate::term::KnownTerms;
use crate::waiting::Waiting;
use crate::watch::{CHANNEL, TELL, told};

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
    connection: Lent,
    pub(crate) store: &'a PgStore,
    pub(crate) organization: Uuid,
    pub(crate) terms: KnownTerms,
    pub(crate) waiting: Waiting,
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

impl<'a> PgTx<'a> {
    pub(crate) async fn begin(store: &'a PgStore, organization: Uuid, intent: Intent) -> StoreResult<Self> {
        let mode = match intent {
            Intent::Read => "begin read only",
            Intent::Write => "begin",
        };
        // The identifier is formatted by its type: hexadecimal digits and hyphens, whatever it is.
        let opening = format!("{mode}; set local app.org_id = '{}'", organization.hyphenated());
        let connection = begin_anew(store, &opening).await?;
        let writes = intent == Intent::Write;
        Ok(Self {
            connection,
            store,
            organization,
            terms: KnownTerms::default(),
            waiting: Waiting::default(),
            writes,
            sound: true,
        })
    }

    /// Opens a call that only reads, which sees what was added before. Whatever ends it before [`PgTx::done`] ends the
    /// transaction.
    pub(crate) async fn begin_reading(&mut self) -> StoreResult<()> {
        self.begin_call()?;
        self.send_waiting().await
    }

    /// Opens a call that writes or locks.
    pub(crate) async fn begin_writing(&mut self) -> StoreResult<()> {
        self.begin_adding()?;
        self.send_waiting().await
    }

    /// Opens a call that adds to what waits.
    pub(crate) fn begin_adding(&mut self) -> StoreResult<()> {
        self.begin_call()?;
        if self.writes { Ok(()) } else { Err(StoreError::Fault(Misuse::Reading.into())) }
    }

    fn begin_call(&mut self) -> StoreResult<()> {
        if !self.sound {
            return Err(StoreError::Fault(Misuse::Refused.into()));
        }
        self.sound = false;
        Ok(())
    }

    /// Ends a call that went well.
    pub(crate) fn done(&mut self) {
        self.sound = true;
    }

    /// Values that begin with the organization, which every statement has in the first place.
    pub(crate) fn binds(&self) -> Result<Binds, CellError> {
        let mut binds = Binds::default();
        binds.push(&self.organization, Kind::Uuid)?;
        Ok(binds)
    }

    /// The row with this identifier, by a statement that asks for it.
    pub(crate) async fn one(&mut self, id: Uuid, table: &Table, text: Arc<str>) -> StoreResult<Option<PgRow>> {
        let mut binds = self.binds().map_err(defect)?;
        binds.push(&id, Kind::Uuid).map_err(defect)?;
        self.row(Statement::named(text, binds)).await.map_err(|error| refusal(error, table))
    }

    /// The rows of the table that a statement asks for.
    pub(crate) async fn many(&mut self, statement: Statement, table: &Table) -> StoreResult<Vec<PgRow>> {
        self.rows(statement).await.map_err(|error| refusal(error, table))
    }

    pub(crate) async fn rows(&mut self, statement: Statement) -> Result<Vec<PgRow>, sqlx::Error> {
        let connection: &mut PgConnection = &mut self.connection;
        query(statement).fetch_all(connection).await
    }

    pub(crate) async fn row(&mut self, statement: Statement) -> Result<Option<PgRow>, sqlx::Error> {
        let connection: &mut PgConnection = &mut self.connection;
        query(statement).fetch_optional(connection).await
    }

    /// Executes a statement; answers how many rows it touched.
    pub(crate) async fn execute(&mut self, statement: Statement) -> Result<u64, sqlx::Error> {
        let connection: &mut PgConnection = &mut self.connection;
        Ok(query(statement).execute(connection).await?.rows_affected())
    }

    /// Reads a record, and remembers its terms when it may be saved later.
    pub(crate) fn read<E: Entity>(&mut self, row: &PgRow, table: &Table) -> StoreResult<Stored<E>> {
        let stored = read_row(row, table).map_err(|error| unreadable(table, &error))?;
        if self.writes && table.has_terms {
            let record: &dyn Record = &stored;
            self.terms.remember(table.entity, record.system(), record.terms());
        }
        Ok(stored)
    }
}

fn unreadable(table: &Table, error: &CellError) -> StoreError {
    defect(CellError(format!("a stored {} cannot be read: {error}", table.entity)))
}

/// A value that could not be sent or read.
pub(crate) fn defect(error: CellError) -> StoreError {
    StoreError::Fault(error.into())
}

/// Opens a transaction, on another connection when the server has closed those that waited in the pool. It ends undone
/// unless the connection is said to rest.
pub(crate) async fn begin_anew(store: &PgStore, opening: &str) -> StoreResult<Lent> {
    let mut others = store.pool.most();
    loop {
        let mut connection = store.pool.lend().await.map_err(fault)?;
        match sqlx::raw_sql(AssertSqlSafe(opening.to_owned())).execute(&mut *connection).await {
            Ok(_) => return Ok(connection),
            Err(error) => give_up(connection, error, &mut others)?,
        }
    }
}

/// The rows that a lone question asks for, outside of any transaction; as a transaction begins, on any connection.
pub(crate) async fn ask<F>(store: &PgStore, question: F) -> StoreResult<Vec<PgRow>>
where
    F: Fn() -> Result<Statement, CellError> + Send,
{
    let mut others = store.pool.most();
    loop {
        let asked = query(question().map_err(defect)?);
        let mut connection = store.pool.lend().await.map_err(fault)?;
        match asked.fetch_all(&mut *connection).await {
            Ok(rows) => {
                connection.rest();
                return Ok(rows);
            }
            Err(error) => give_up(connection, error, &mut others)?,
        }
    }
}

/// Gives up a connection whose server is gone while there are others to try; any other error is told.
fn give_up(connection: Lent, error: sqlx::Error, others: &mut usize) -> StoreResult<()> {
    if !is_unavailable(&error) || *others == 0 {
        return Err(fault(error));
    }
    *others -= 1;
    connection.cut();
    Ok(())
}

pub(crate) fn query(statement: Statement) -> Query<'static, Postgres, PgArguments> {
    sqlx::query_with(AssertSqlSafe(statement.text), statement.binds.into_arguments()).persistent(statement.named)
}

#[async_trait]
impl Tx for PgTx<'_> {
    async fn claim_slug(&mut self, slug: &Slug, organization: OrganizationId) -> StoreResult<()> {
        self.begin_writing().await?;
        if self.organization != organization.uuid() {
            return Err(StoreError::Fault(Misuse::Foreign.into()));
        }
        let mut binds = Binds::default();
        binds.push(slug, Kind::Text).map_err(defect)?;
        binds.push(&organization, Kind::Uuid).map_err(defect)?;
        if self.execute(Statement::named(TAKE_SLUG.into(), binds)).await.map_err(fault)? == 0 {
            let holder = self.row(PgStore::holder_of(slug).map_err(defect)?).await.map_err(fault)?;
            let holder = holder.map(|row| column::<Uuid>(&row, 0, Kind::Uuid)).transpose().map_err(defect)?;
            if holder != Some(organization.uuid()) {
                return Err(StoreError::SlugTaken(slug.to_string()));
            }
        }
        self.done();
        Ok(())
    }

    async fn claim_link(&mut self, link: &ProviderLink) -> StoreResult<()> {
        self.begin_writing().await?;
        let mut binds = link_binds(link).map_err(defect)?;
        binds.push(&self.organization, Kind::Uuid).map_err(defect)?;
        if self.execute(Statement::named(TAKE_LINK.into(), binds)).await.map_err(fault)? == 0 {
            let binds = link_binds(link).map_err(defect)?;
            let holder = self.row(Statement::named(HOLDER_OF_LINK.into(), binds)).await.map_err(fault)?;
            let holder = holder.map(|row| column::<Uuid>(&row, 0, Kind::Uuid)).transpose().map_err(defect)?;
            if holder != Some(self.organization) {
                return Err(StoreError::ProviderLinkTaken(link.clone()));
            }
        }
        self.done();
        Ok(())
    }

    async fn release_link(&mut self, link: &ProviderLink) -> StoreResult<()> {
        self.begin_writing().await?;
        let mut binds = link_binds(link).map_err(defect)?;
        binds.push(&self.organization, Kind::Uuid).map_err(defect)?;
        self.execute(Statement::named(RELEASE_LINK.into(), binds)).await.map_err(fault)?;
        self.done();
        Ok(())
    }

    async fn announce_access(&mut self, version: i64) -> StoreResult<()> {
        self.begin_writing().await?;
        let mut binds = Binds::default();
        binds.push(CHANNEL, Kind::Text).map_err(defect)?;
        binds.push(&told(self.organization, version), Kind::Text).map_err(defect)?;
        self.execute(Statement::named(TELL.into(), binds)).await.map_err(fault)?;
        self.done();
        Ok(())
    }

    async fn commit(mut self: Box<Self>) -> StoreResult<()> {
        self.begin_reading().await?;
        sqlx::raw_sql("commit").execute(&mut *self.connection).await.map_err(unkept)?;
        self.connection.rest();
        Ok(())
    }
}
