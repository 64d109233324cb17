//! Databases for tests.

use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use crm_core::access::{Intent, Organization, OrganizationId, TimeZone};
use crm_core::kernel::currency::Currency;
use crm_core::kernel::{Entity, Id, Stored, Timestamp};
use crm_core::store::{Records, StoreResult, Tx};
use crm_store_postgres::{PgOptions, PgStore, PgTx};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection};
use tokio::sync::OnceCell;
use uuid::Uuid;

const HOW_TO_RUN: &str = "CRM_TEST_POSTGRES is not set. It names a PostgreSQL server on which these tests may make \
    databases, as a superuser. `bash .ci/test -p crm-store-postgres` starts a private one and sets it.";

static TEMPLATE: OnceCell<String> = OnceCell::const_new();
static COUNTER: AtomicU32 = AtomicU32::new(0);
static IDS: AtomicU64 = AtomicU64::new(1);

/// A database of one test.
pub(crate) struct Database {
    pub(crate) admin_url: String,
    pub(crate) app_url: String,
}

fn server() -> String {
    std::env::var("CRM_TEST_POSTGRES").expect(HOW_TO_RUN)
}

fn name() -> String {
    format!("crm_test_{}_{}", std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed))
}

fn url(user: Option<&str>, database: &str) -> String {
    let options = PgConnectOptions::from_str(&server()).unwrap().database(database);
    let options = if let Some(user) = user { options.username(user) } else { options };
    options.to_url_lossy().to_string()
}

pub(crate) async fn run(url: &str, sql: &str) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    connection.execute(AssertSqlSafe(sql.to_owned())).await.unwrap();
    connection.close().await.unwrap();
}

/// Removes what earlier runs have left behind, meanwhile: every removal makes the server write all it has in memory.
fn sweep_meanwhile() {
    std::thread::spawn(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(sweep());
    });
}

async fn sweep() {
    let mut connection = PgConnection::connect(&server()).await.unwrap();
    let old: Vec<String> = sqlx::query_scalar("select datname::text from pg_database where datname like 'crm_test_%'")
        .fetch_all(&mut connection)
        .await
        .unwrap();
    for database in old {
        let process = database.split('_').nth(2).unwrap_or_default();
        let alive =
            !std::path::Path::new("/proc/self").exists() || std::path::Path::new("/proc").join(process).exists();
        if !alive {
            let _ = connection.execute(AssertSqlSafe(format!("drop database if exists {database} (force)"))).await;
        }
    }
}

impl Database {
    /// A database without a schema.
    pub(crate) async fn empty() -> Self {
        let name = name();
        run(&server(), &format!("create database {name}")).await;
        Self { admin_url: url(None, &name), app_url: url(Some("crm_app"), &name) }
    }

    /// A database with the whole schema and no rows.
    pub(crate) async fn fresh() -> Self {
        let template = TEMPLATE.get_or_init(|| async {
            sweep_meanwhile();
            let name = name();
            run(&server(), &format!("create database {name}")).await;
            PgStore::migrate(&url(None, &name)).await.unwrap();
            let password = server().split_once("://").and_then(|(_, rest)| {
                let (user, _) = rest.split_once('@')?;
                user.split_once(':').map(|(_, password)| password.to_owned())
            });
            if let Some(password) = password {
                run(&server(), &format!("alter role crm_app password '{password}'")).await;
            }
            name
        });
        let template = template.await;
        let name = name();
        run(&server(), &format!("create database {name} template {template}")).await;
        Self { admin_url: url(None, &name), app_url: url(Some("crm_app"), &name) }
    }

    pub(crate) async fn store(&self) -> PgStore {
        PgStore::connect_with(&self.app_url, &PgOptions { max_connections: 8, ..PgOptions::default() }).await.unwrap()
    }

    /// Executes statements as superuser.
    pub(crate) async fn admin(&self, sql: &str) {
        run(&self.admin_url, sql).await;
    }

    pub(crate) async fn admin_connection(&self) -> PgConnection {
        PgConnection::connect(&self.admin_url).await.unwrap()
    }
}

/// An identifier that no other call in this process gives.
pub(crate) fn fresh_id<E>() -> Id<E> {
    let count = IDS.fetch_add(1, Ordering::Relaxed);
    Id::new(Uuid::from_u64_pair(0x0190_0000_0000_7000, 0x8000_0000_0000_0000 | count))
}

pub(crate) fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(1_700_000_000_000_000 + micros).unwrap()
}

pub(crate) fn row<E>(value: E) -> Stored<E> {
    Stored { id: fresh_id(), version: 1, created_at: at(0), updated_at: at(0), value }
}

/// The same record after a change.
pub(crate) fn next<E: Entity>(row: &Stored<E>, change: impl FnOnce(&mut E)) -> Stored<E> {
    let mut row = row.clone();
    row.version += 1;
    row.updated_at = row.updated_at.plus(std::time::Duration::from_micros(1));
    change(&mut row.value);
    row
}

pub(crate) async fn write(store: &PgStore, organization: OrganizationId) -> PgTx<'_> {
    store.transaction(organization, Intent::Write).await.unwrap()
}

pub(crate) async fn read(store: &PgStore, organization: OrganizationId) -> PgTx<'_> {
    store.transaction(organization, Intent::Read).await.unwrap()
}

pub(crate) async fn commit(tx: PgTx<'_>) {
    Box::new(tx).commit().await.unwrap();
}

/// What became of records that a transaction adds before it ends.
pub(crate) async fn added<E: Entity>(mut tx: PgTx<'_>, rows: &[Stored<E>]) -> StoreResult<()> {
    tx.insert(rows).await?;
    Box::new(tx).commit().await
}

/// An organization of its own.
pub(crate) async fn organization(store: &PgStore) -> OrganizationId {
    let id: OrganizationId = fresh_id();
    let value = Organization {
        slug: format!("o{}", id.uuid().as_u64_pair().1 & 0xffff_ffff).try_into().unwrap(),
        name: "Example".try_into().unwrap(),
        default_currency: Currency::EUR,
        time_zone: TimeZone::utc(),
        region: None,
    };
    let mut tx = write(store, id).await;
    let row = Stored { id, ..row(value) };
    tx.insert(&[row]).await.unwrap();
    commit(tx).await;
    id
}

/// A store with one organization, on a fresh database.
pub(crate) async fn founded() -> (Database, Arc<PgStore>, OrganizationId) {
    let database = Database::fresh().await;
    let store = Arc::new(database.store().await);
    let organization = organization(&store).await;
    (database, store, organization)
}
