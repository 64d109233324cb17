//! Opening a file, and transactions on it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use crm_core::access::{Intent, OrganizationId, ProviderLink, Slug};
use crm_core::kernel::Timestamp;
use crm_core::store::{BoxTx, Store, StoreError, StoreResult, visit_entities};
use sqlx::Row;
use sqlx::sqlite::SqlitePool;

use crate::records::OpenRecords;
use crate::schema::{Declarations, Unfit, check_ours, migrate};
use crate::transaction::SqliteTx;
use crate::{OpenError, agenda, connect, fault};

/// A store in one SQLite file. Clones share it.
#[derive(Clone)]
pub struct SqliteStore {
    writer: SqlitePool,
    readers: SqlitePool,
    declarations: Arc<Declarations>,
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").finish_non_exhaustive()
    }
}

impl SqliteStore {
    /// Opens the store in a file; makes the file when there is none, and brings it to the present schema.
    ///
    /// Indexes on the table `record` that no declaration asks for are dropped.
    ///
    /// # Errors
    /// `NotADatabase`, `Foreign` and `Newer` for a file that is something else, `Inaccessible` for one that can't be
    /// read or written, `Migration` when its content does not fit the declared keys.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        let path = path.as_ref();
        let inaccessible =
            |source: std::io::Error| OpenError::Inaccessible { path: path.to_owned(), source: source.into() };
        connect::create_private(path).map_err(inaccessible)?;
        // Looked at before anything of ours, write-ahead mode included, is done to it.
        let looking = connect::looking(path);
        let mut connection = looking.acquire().await.map_err(|error| cannot_open(path.to_owned(), error))?;
        check_ours(&mut connection).await.map_err(|unfit| unfit_for(path, unfit))?;
        drop(connection);
        looking.close().await;
        let options = connect::file_options(path);
        let (writer, readers) = (connect::writer(options.clone()), connect::readers(options));
        Self::prepare(writer, readers, path, declared()).await
    }

    /// A store that is gone when its last clone is. It has one connection: transactions follow one another, those that
    /// read too, so that one opened while another is open in the same task waits until it gives up.
    ///
    /// # Errors
    /// `Migration`, which would be a defect of this crate.
    pub async fn in_memory() -> Result<Self, OpenError> {
        let only = connect::writer(connect::memory_options());
        Self::prepare(only.clone(), only, Path::new("the store in memory"), declared()).await
    }

    pub(crate) async fn prepare(
        writer: SqlitePool,
        readers: SqlitePool,
        path: &Path,
        declarations: Declarations,
    ) -> Result<Self, OpenError> {
        let mut connection = writer.acquire().await.map_err(|error| cannot_open(path.to_owned(), error))?;
        migrate(&mut connection, &declarations).await.map_err(|unfit| unfit_for(path, unfit))?;
        drop(connection);
        Ok(Self { writer, readers, declarations: Arc::new(declarations) })
    }

    /// Waits for open transactions, brings everything home into the one file, and lets go of it.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    #[cfg(test)]
    pub(crate) fn reader_pool(&self) -> &SqlitePool {
        &self.readers
    }

    #[cfg(test)]
    pub(crate) fn writer_pool(&self) -> &SqlitePool {
        &self.writer
    }

    pub(crate) async fn transaction(&self, organization: OrganizationId, intent: Intent) -> StoreResult<SqliteTx> {
        let transaction = match intent {
            Intent::Read => self.readers.begin().await,
            // A transaction that begins by reading can't write after somebody else has committed.
            Intent::Write => self.writer.begin_with("begin immediate").await,
        };
        let records = OpenRecords {
            transaction: transaction.map_err(fault::fault)?,
            organization: organization.uuid(),
            declarations: Arc::clone(&self.declarations),
        };
        Ok(SqliteTx::new(records, intent == Intent::Write))
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn begin(&self, organization: OrganizationId, intent: Intent) -> StoreResult<BoxTx<'_>> {
        Ok(Box::new(self.transaction(organization, intent).await?))
    }

    async fn organizations_with_due_jobs(&self, now: Timestamp, limit: u32) -> StoreResult<Vec<OrganizationId>> {
        agenda::organizations_with_due_jobs(&self.readers, now, limit).await
    }

    async fn organization_by_slug(&self, slug: &Slug) -> StoreResult<Option<OrganizationId>> {
        let sql = "select organization_id from organization_slug where slug = ?1";
        let row = sqlx::query(sql).bind(slug.as_str().to_owned()).fetch_optional(&self.readers).await;
        let row = row.map_err(fault::fault)?;
        row.map(|row| agenda::organization(row.try_get(0).map_err(fault::fault)?)).transpose()
    }

    async fn organization_by_link(&self, link: &ProviderLink) -> StoreResult<Option<OrganizationId>> {
        let sql = "select organization_id from provider_link where provider = ?1 and external_id = ?2";
        let query = sqlx::query(sql).bind(link.provider().to_owned()).bind(link.external_id().to_owned());
        let row = query.fetch_optional(&self.readers).await.map_err(fault::fault)?;
        row.map(|row| agenda::organization(row.try_get(0).map_err(fault::fault)?)).transpose()
    }

    async fn organizations(&self, after: Option<&Slug>, limit: u32) -> StoreResult<Vec<(Slug, OrganizationId)>> {
        let sql = "select slug, organization_id from organization_slug where slug > ?1 order by slug limit ?2";
        let query = sqlx::query(sql).bind(after.map_or("", Slug::as_str).to_owned()).bind(i64::from(limit));
        let rows = query.fetch_all(&self.readers).await.map_err(fault::fault)?;
        let read = |row: sqlx::sqlite::SqliteRow| {
            let slug: String = row.try_get(0).map_err(fault::fault)?;
            let slug = Slug::try_from(slug).map_err(|error| StoreError::Fault(error.into()))?;
            Ok((slug, agenda::organization(row.try_get(1).map_err(fault::fault)?)?))
        };
        rows.into_iter().map(read).collect()
    }
}

fn declared() -> Declarations {
    let mut declarations = Declarations::new();
    visit_entities(&mut declarations);
    declarations
}

fn unfit_for(path: &Path, unfit: Unfit) -> OpenError {
    let path = path.to_owned();
    match unfit {
        Unfit::Foreign => OpenError::Foreign(path),
        Unfit::Newer { found, known } => OpenError::Newer { path, found, known },
        Unfit::Failed(source) if is_no_database(&source) => OpenError::NotADatabase(path),
        Unfit::Failed(source) => OpenError::Migration { path, source: source.into() },
    }
}

fn cannot_open(path: PathBuf, error: sqlx::Error) -> OpenError {
    if is_no_database(&error) {
        OpenError::NotADatabase(path)
    } else {
        OpenError::Inaccessible { path, source: error.into() }
    }
}

fn is_no_database(error: &sqlx::Error) -> bool {
    const NOT_A_DATABASE: i32 = 26;
    fault::code(error) & 0xff == NOT_A_DATABASE
}
