//! Stores with a disk for tests, and a line to the server that can be cut.

use std::path::PathBuf;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crm_store_postgres::{PgOptions, PgStore};
use crm_store_sqlite::SqliteStore;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OnceCell, watch};

static TEMPLATE: OnceCell<String> = OnceCell::const_new();
static COUNTER: AtomicU32 = AtomicU32::new(0);

/// A SQLite file, which is removed in the end.
pub(crate) struct SqliteFile(PathBuf);

impl SqliteFile {
    pub(crate) fn new() -> Self {
        let name = crm_http::signing::hexadecimal(&crm_http::signing::random::<8>().unwrap());
        let folder = std::env::temp_dir().join(format!("crm-http-sqlite-{name}"));
        std::fs::create_dir(&folder).unwrap();
        Self(folder)
    }
    pub(crate) async fn store(&self) -> SqliteStore {
        SqliteStore::open(self.0.join("crm.sqlite")).await.unwrap()
    }
}

impl Drop for SqliteFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A database of one test on the server that `CRM_TEST_POSTGRES` names, as a superuser.
pub(crate) struct Database {
    server: String,
    name: String,
}

async fn run(url: &str, sql: &str) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    connection.execute(AssertSqlSafe(sql.to_owned())).await.unwrap();
    connection.close().await.unwrap();
}

fn fresh_name() -> String {
    format!("crm_test_{}_h{}", std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed))
}

fn options(server: &str, database: &str, user: Option<&str>) -> PgConnectOptions {
    let options = PgConnectOptions::from_str(server).unwrap().database(database);
    if let Some(user) = user { options.username(user) } else { options }
}

impl Database {
    /// A database with the whole schema; nothing when there is no server, which is said.
    pub(crate) async fn fresh(test: &str) -> Option<Self> {
        let Some(server) = std::env::var("CRM_TEST_POSTGRES").ok().filter(|url| !url.is_empty()) else {
            eprintln!("SKIPPED: {test} on PostgreSQL, since CRM_TEST_POSTGRES is not set; `bash .ci/test` sets it");
            return None;
        };
        let template = TEMPLATE.get_or_init(|| async {
            let name = fresh_name();
            run(&server, &format!("create database {name}")).await;
            PgStore::migrate(options(&server, &name, None).to_url_lossy().as_str()).await.unwrap();
            let password = server.split_once("://").and_then(|(_, rest)| {
                let (user, _) = rest.split_once('@')?;
                user.split_once(':').map(|(_, password)| password.to_owned())
            });
            if let Some(password) = password {
                run(&server, &format!("alter role crm_app password '{password}'")).await;
            }
            name
        });
        let template = template.await;
        let name = fresh_name();
        run(&server, &format!("create database {name} template {template}")).await;
        Some(Self { server, name })
    }

    /// Where the application finds it.
    pub(crate) fn url(&self) -> String {
        options(&self.server, &self.name, Some("crm_app")).to_url_lossy().to_string()
    }

    pub(crate) async fn store(&self) -> PgStore {
        PgStore::connect(&self.url()).await.unwrap()
    }

    /// How many listen to what is committed.
    pub(crate) async fn listeners(&self) -> i64 {
        let url = options(&self.server, &self.name, None).to_url_lossy();
        let mut connection = PgConnection::connect(url.as_str()).await.unwrap();
        let count = "select count(*) from pg_stat_activity where datname = current_database() \
                     and application_name = 'crm listener'";
        let count = sqlx::query_scalar(count).fetch_one(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        count
    }

    /// A store behind a line that can be cut, and the line. It gives up soon on a server that does not answer.
    pub(crate) async fn store_behind_a_line(&self) -> (PgStore, Line) {
        let server = options(&self.server, &self.name, Some("crm_app"));
        let line = Line::to(format!("{}:{}", server.get_host(), server.get_port())).await;
        let url = server.host("127.0.0.1").port(line.port).ssl_mode(sqlx::postgres::PgSslMode::Disable).to_url_lossy();
        let limits = PgOptions { acquire_timeout: Duration::from_secs(1), ..PgOptions::default() };
        (PgStore::connect_with(url.as_str(), &limits).await.unwrap(), line)
    }

    /// Removes it; what a failed test leaves behind goes with the server.
    pub(crate) async fn remove(self) {
        run(&self.server, &format!("drop database if exists {} with (force)", self.name)).await;
    }
}

/// When a line is cut: at the nth thing that is said to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// Before the server hears it.
    Unheard(u32),
    /// After the server has answered, before the answer is heard.
    Unanswered(u32),
}

/// A go-between for all connections of a store.
pub(crate) struct Line {
    pub(crate) port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    /// What is to happen, counted down.
    planned: Mutex<Option<Cut>>,
    is_down: AtomicBool,
    /// Counts up whenever all connections end.
    generation: watch::Sender<u32>,
}

impl Line {
    async fn to(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            planned: Mutex::new(None),
            is_down: AtomicBool::new(false),
            generation: watch::Sender::new(0),
        });
        let own = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if own.is_down.load(Ordering::Relaxed) {
                    continue;
                }
                let server = TcpStream::connect(&server).await.unwrap();
                client.set_nodelay(true).unwrap();
                server.set_nodelay(true).unwrap();
                tokio::spawn(connection(client, server, Arc::clone(&own)));
            }
        });
        Self { port, shared }
    }

    /// Plans to cut all connections; the next ones are let through.
    pub(crate) fn cut(&self, cut: Cut) {
        *self.shared.planned.lock().unwrap() = Some(cut);
    }
    /// Gives up what was planned; answers whether it was still to come.
    pub(crate) fn spare(&self) -> bool {
        self.shared.planned.lock().unwrap().take().is_some()
    }
    /// Ends all connections and lets none through.
    pub(crate) fn take_down(&self) {
        self.shared.is_down.store(true, Ordering::Relaxed);
        self.shared.end_all();
    }
    /// Lets connections through again.
    pub(crate) fn bring_up(&self) {
        self.shared.is_down.store(false, Ordering::Relaxed);
    }
}

impl Shared {
    fn end_all(&self) {
        self.generation.send_modify(|generation| *generation += 1);
    }

    /// What is to happen at the thing that is said now.
    fn due(&self) -> Option<Cut> {
        let mut planned = self.planned.lock().unwrap();
        let left = match *planned {
            None => return None,
            Some(Cut::Unheard(left) | Cut::Unanswered(left)) => left,
        };
        if left == 1 {
            return planned.take();
        }
        *planned = planned.map(|cut| match cut {
            Cut::Unheard(left) => Cut::Unheard(left - 1),
            Cut::Unanswered(left) => Cut::Unanswered(left - 1),
        });
        None
    }
}

async fn connection(client: TcpStream, server: TcpStream, shared: Arc<Shared>) {
    let mut ended = shared.generation.subscribe();
    let (client_read, client_write) = client.into_split();
    let (server_read, server_write) = server.into_split();
    tokio::select! {
        _ = ended.changed() => {}
        () = talk(client_read, client_write, server_read, server_write, &shared) => {}
    }
}

async fn talk(
    mut client_read: OwnedReadHalf,
    mut client_write: OwnedWriteHalf,
    mut server_read: OwnedReadHalf,
    mut server_write: OwnedWriteHalf,
    shared: &Shared,
) {
    let (mut said, mut answered) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    loop {
        tokio::select! {
            count = client_read.read(&mut said) => {
                let Some(said) = count.ok().filter(|count| *count > 0).map(|count| &said[..count]) else { return };
                match shared.due() {
                    Some(Cut::Unheard(_)) => return shared.end_all(),
                    Some(Cut::Unanswered(_)) => {
                        let _ = server_write.write_all(said).await;
                        let _ = server_read.read(&mut answered).await;
                        return shared.end_all();
                    }
                    None if server_write.write_all(said).await.is_err() => return,
                    None => {}
                }
            }
            count = server_read.read(&mut answered) => {
                let Some(answered) = count.ok().filter(|count| *count > 0).map(|count| &answered[..count]) else { return };
                if client_write.write_all(answered).await.is_err() {
                    return;
                }
            }
        }
    }
}
