//! Connections that wait to be used again.
//!
//! The one that came back last goes out first: its server process is awake, has its plans at hand and its memory warm, while
//! those that are not needed rest. A connection comes back by itself when whoever borrowed it has said that nothing is under
//! way on it ([`Lent::rest`]); from any other it is taken back only after what was under way has been undone.

use std::ops::{Deref, DerefMut};
use std::time::Duration;

use deadpool::Runtime;
use deadpool::managed::{
    BuildError, Manager, Metrics, Object, Pool, PoolConfig, PoolError, QueueMode, RecycleError, RecycleResult, Timeouts,
};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};

/// A connection that was idle for longer is asked whether it is still there: what stands between us and the server forgets.
const IDLE_UNTESTED: Duration = Duration::from_secs(30);
/// A connection is replaced when it gets this old: its server process grows with the plans that it keeps.
const MOST_AGE: Duration = Duration::from_mins(30);

/// The connections of one store. Clones share them.
#[derive(Clone)]
pub(crate) struct Connections(Pool<Server>);

struct Server(PgConnectOptions);

impl Manager for Server {
    type Type = PgConnection;
    type Error = sqlx::Error;

    async fn create(&self) -> Result<PgConnection, sqlx::Error> {
        PgConnection::connect_with(&self.0).await
    }

    async fn recycle(&self, connection: &mut PgConnection, metrics: &Metrics) -> RecycleResult<sqlx::Error> {
        if metrics.age() > MOST_AGE {
            return Err(RecycleError::message("the connection is old"));
        }
        if metrics.last_used() > IDLE_UNTESTED {
            connection.ping().await?;
        }
        Ok(())
    }
}

impl Connections {
    /// Connections to one server, none of which is open yet.
    pub(crate) fn new(server: PgConnectOptions, most: u32, patience: Duration) -> Result<Self, BuildError> {
        let config = PoolConfig {
            max_size: usize::try_from(most).unwrap_or(usize::MAX),
            timeouts: Timeouts { wait: Some(patience), create: Some(patience), recycle: Some(patience) },
            queue_mode: QueueMode::Lifo,
        };
        Pool::builder(Server(server)).config(config).runtime(Runtime::Tokio1).build().map(Self)
    }

    /// Lends a connection: one that waits, or else a new one, or else the next that comes back.
    pub(crate) async fn lend(&self) -> Result<Lent, sqlx::Error> {
        match self.0.get().await {
            Ok(connection) => Ok(Lent { connection: Some(connection), rests: false }),
            Err(PoolError::Backend(error)) => Err(error),
            Err(PoolError::Timeout(_)) => Err(sqlx::Error::PoolTimedOut),
            Err(PoolError::Closed | PoolError::NoRuntimeSpecified | PoolError::PostCreateHook(_)) => {
                Err(sqlx::Error::PoolClosed)
            }
        }
    }

    /// How many there can be.
    pub(crate) fn most(&self) -> usize {
        self.0.status().max_size
    }

    /// Lends no more, and closes those that wait. Those that are out are closed when they come back.
    pub(crate) async fn close(&self) {
        let waiting = self.0.retain(|_, _| false).removed;
        self.0.close();
        for connection in waiting {
            // It is gone either way.
            let _ = connection.close().await;
        }
    }
}

/// A borrowed connection.
pub(crate) struct Lent {
    /// There until it goes back.
    connection: Option<Object<Server>>,
    rests: bool,
}

const GONE: &str = "a connection goes back only when its borrower is gone";

impl Lent {
    /// Nothing is under way: no transaction is open and every answer has been read.
    pub(crate) fn rest(mut self) {
        self.rests = true;
    }

    /// The server is gone from its other end.
    pub(crate) fn cut(mut self) {
        drop(self.connection.take().map(Object::take));
    }
}

impl Deref for Lent {
    type Target = PgConnection;
    fn deref(&self) -> &PgConnection {
        self.connection.as_ref().unwrap_or_else(|| unreachable!("{GONE}"))
    }
}

impl DerefMut for Lent {
    fn deref_mut(&mut self) -> &mut PgConnection {
        self.connection.as_mut().unwrap_or_else(|| unreachable!("{GONE}"))
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take().filter(|_| !self.rests) else { return };
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(undo(connection))),
            // Nobody is left to talk to the server. When the line is cut, it undoes what was under way.
            Err(_) => drop(Object::take(connection)),
        }
    }
}

/// Ends what is under way, however far it came, and gives the connection back; one that does not answer is cut.
async fn undo(mut connection: Object<Server>) {
    if sqlx::raw_sql("rollback").execute(&mut *connection).await.is_err() {
        drop(Object::take(connection));
    }
}
