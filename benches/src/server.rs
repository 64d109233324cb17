//! The PostgreSQL server to measure on, and databases there that are removed afterwards.

use std::str::FromStr;
use std::sync::atomic::{AtomicU32, Ordering};

use crm_store_postgres::{PgOptions, PgStore};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection};

use crate::{Fault, Recorder};

static DATABASES: AtomicU32 = AtomicU32::new(0);

/// Connections of a store: as many as one benchmark uses at once, so that each comes to know its statements.
pub(crate) const CONNECTIONS: u32 = 8;

/// The server that `CRM_TEST_POSTGRES` names, as a superuser.
#[derive(Clone)]
pub struct Server {
    url: String,
}

/// A database on the server.
pub struct Database {
    server: Server,
    name: String,
}

impl Server {
    /// The server; without one says what is not measured and how to change that.
    #[must_use]
    pub fn from_environment(what: &str) -> Option<Self> {
        let url = std::env::var("CRM_TEST_POSTGRES").ok().filter(|url| !url.is_empty());
        if url.is_none() {
            eprintln!(
                "SKIPPED: {what} on PostgreSQL, since CRM_TEST_POSTGRES is not set. Start a server that keeps its word \
                 with `CRM_POSTGRES_DURABLE=1 bash .ci/postgres start` and set it to the URL that this prints."
            );
        }
        url.map(|url| Self { url })
    }

    /// Version and the settings that figures depend on most.
    ///
    /// # Errors
    /// Those of the server.
    pub async fn described(&self) -> Result<String, Fault> {
        let mut connection = PgConnection::connect(&self.url).await?;
        let mut words = Vec::new();
        for setting in ["server_version", "fsync", "synchronous_commit", "full_page_writes", "shared_buffers"] {
            let shown: String =
                sqlx::query_scalar("select current_setting($1)").bind(setting).fetch_one(&mut connection).await?;
            words.push(format!("{setting} {shown}"));
        }
        Ok(words.join(", "))
    }

    /// The process that the server's others are children of; nothing when it runs on another machine.
    ///
    /// # Errors
    /// Those of the server.
    pub async fn postmaster(&self) -> Result<Option<u32>, Fault> {
        let mut connection = PgConnection::connect(&self.url).await?;
        let own: i32 = sqlx::query_scalar("select pg_backend_pid()").fetch_one(&mut connection).await?;
        Ok(crate::load::ticks_of(u32::try_from(own)?).map(|(parent, _)| parent))
    }

    /// A database with the whole schema and no rows.
    ///
    /// # Errors
    /// Those of the server.
    pub async fn database(&self) -> Result<Database, Fault> {
        let database = self.created("").await?;
        PgStore::migrate(&self.url_of(None, None, &database.name)?).await?;
        Ok(database)
    }

    async fn created(&self, how: &str) -> Result<Database, Fault> {
        let count = DATABASES.fetch_add(1, Ordering::Relaxed);
        let name = format!("crm_bench_{}_{count}", std::process::id());
        self.run(&format!("create database {name} {how}")).await?;
        Ok(Database { server: self.clone(), name })
    }

    async fn run(&self, sql: &str) -> Result<(), Fault> {
        let mut connection = PgConnection::connect(&self.url).await?;
        connection.execute(AssertSqlSafe(sql.to_owned())).await?;
        Ok(connection.close().await?)
    }

    fn url_of(&self, user: Option<&str>, port: Option<u16>, database: &str) -> Result<String, Fault> {
        let mut options = PgConnectOptions::from_str(&self.url)?.database(database);
        if let Some(user) = user {
            options = options.username(user);
        }
        if let Some(port) = port {
            options = options.host("127.0.0.1").port(port);
        }
        Ok(options.to_url_lossy().to_string())
    }
}

impl Database {
    /// The store in it.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn store(&self) -> Result<PgStore, Fault> {
        opened(&self.app_url()?, true).await
    }

    /// The store in it, with a go-between that remembers what it says: rows of several tables in one statement, or each
    /// table's in its own.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn recorded(&self, join_inserts: bool) -> Result<(PgStore, Recorder), Fault> {
        let options = PgConnectOptions::from_str(&self.server.url)?;
        let recorder = Recorder::before(format!("{}:{}", options.get_host(), options.get_port())).await?;
        let url = self.server.url_of(Some("crm_app"), Some(recorder.port()), &self.name)?;
        let joint = if url.contains('?') { '&' } else { '?' };
        let store = opened(&format!("{url}{joint}sslmode=disable"), join_inserts).await?;
        Ok((store, recorder))
    }

    /// The address for the role that row security binds.
    ///
    /// # Errors
    /// When the server's address is none.
    pub fn app_url(&self) -> Result<String, Fault> {
        self.server.url_of(Some("crm_app"), None, &self.name)
    }

    /// Executes statements as superuser.
    ///
    /// # Errors
    /// Those of the server.
    pub async fn admin(&self, sql: &str) -> Result<(), Fault> {
        let mut connection = PgConnection::connect(&self.server.url_of(None, None, &self.name)?).await?;
        connection.execute(AssertSqlSafe(sql.to_owned())).await?;
        Ok(connection.close().await?)
    }

    /// A second database with the same content. Nobody may be connected to this one.
    ///
    /// # Errors
    /// Those of the server.
    pub async fn copy(&self) -> Result<Self, Fault> {
        self.server.created(&format!("template {}", self.name)).await
    }

    /// Removes it.
    ///
    /// # Errors
    /// Those of the server.
    pub async fn remove(self) -> Result<(), Fault> {
        self.server.run(&format!("drop database if exists {} with (force)", self.name)).await
    }
}

async fn opened(url: &str, join_inserts: bool) -> Result<PgStore, Fault> {
    let options = PgOptions { max_connections: CONNECTIONS, join_inserts, ..PgOptions::default() };
    Ok(PgStore::connect_with(url, &options).await?)
}
