//! Hearing of what other processes commit.
//!
//! A transaction that changes what an organization's access depends on says so on a channel of the server, which passes it
//! on when the transaction is committed. Each process listens on a connection of its own, outside the pool: listening
//! belongs to a session, which a pooler that lends connections by transaction has none of ([`PgOptions::listen_url`]).
//! What is said while nobody listens is lost, and a distributed cluster passes it on at one node only: so after every gap
//! all is looked at anew, and versions are compared from time to time whatever was heard.
//!
//! [`PgOptions::listen_url`]: crate::PgOptions::listen_url

use std::time::Duration;

use async_trait::async_trait;
use crm_core::access::OrganizationId;
use crm_core::store::{Sighting, Watch};
use sqlx::Executor;
use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use tokio::time::{sleep, timeout};
use uuid::Uuid;

/// The channel on which versions of access are told.
pub(crate) const CHANNEL: &str = "crm_access";
/// Says something on a channel, once the transaction is committed.
pub(crate) const TELL: &str = "select pg_notify($1, $2)";
/// How long nothing may be heard before the server is asked whether it is still there, and how long it may take to say so.
const SILENCE: Duration = Duration::from_secs(30);
const ANSWER: Duration = Duration::from_secs(10);
/// How long to wait before connecting again.
const PAUSE: Duration = Duration::from_millis(500);

/// What is said of an organization's access.
pub(crate) fn told(organization: Uuid, version: i64) -> String {
    format!("{} {version}", organization.hyphenated())
}

/// What was heard; nothing when it is none of ours.
fn heard(said: &str) -> Option<Sighting> {
    let (organization, version) = said.split_once(' ')?;
    let organization = OrganizationId::new(organization.parse().ok()?);
    Some(Sighting::Access { organization, version: version.parse().ok()? })
}

/// A listener to one database.
pub(crate) struct PgWatch {
    server: PgConnectOptions,
    listener: Option<PgListener>,
    has_listened: bool,
}

impl PgWatch {
    pub(crate) const fn new(server: PgConnectOptions) -> Self {
        Self { server, listener: None, has_listened: false }
    }

    async fn listen(&self) -> Result<PgListener, sqlx::Error> {
        // A pool for this one connection: the one that was lost may still wait for an answer in the last.
        let lone = PgPoolOptions::new().max_connections(1).max_lifetime(None).idle_timeout(None);
        let pool = lone.acquire_timeout(ANSWER).connect_with(self.server.clone()).await?;
        let mut listener = PgListener::connect_with(&pool).await?;
        listener.ignore_pool_close_event(true);
        // Connecting anew is ours to do, so that no gap goes unnoticed.
        listener.eager_reconnect(false);
        listener.listen(CHANNEL).await?;
        Ok(listener)
    }
}

/// The next thing that the listener hears; nothing when its connection is lost.
async fn next_of(listener: &mut PgListener) -> Option<Sighting> {
    loop {
        match timeout(SILENCE, listener.try_recv()).await {
            Ok(Ok(Some(said))) => {
                if let Some(sighting) = heard(said.payload()) {
                    return Some(sighting);
                }
            }
            Ok(Ok(None) | Err(_)) => return None,
            Err(_) => {
                if !matches!(timeout(ANSWER, listener.execute("select 1")).await, Ok(Ok(_))) {
                    return None;
                }
            }
        }
    }
}

#[async_trait]
impl Watch for PgWatch {
    async fn next(&mut self) -> Sighting {
        loop {
            if let Some(listener) = &mut self.listener {
                match next_of(listener).await {
                    Some(sighting) => return sighting,
                    None => self.listener = None,
                }
            }
            if self.has_listened {
                sleep(PAUSE).await;
            }
            self.has_listened = true;
            if let Ok(listener) = self.listen().await {
                self.listener = Some(listener);
                return Sighting::Gap;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_heard_and_nothing_else_is() {
        let organization: Uuid = "019c0000-0000-7000-8000-000000000001".parse().unwrap();
        let sighting = Sighting::Access { organization: OrganizationId::new(organization), version: 7 };
        assert_eq!(heard(&told(organization, 7)), Some(sighting));
        for strange in
            ["", "7", "019c0000-0000-7000-8000-000000000001", "x 7", "019c0000-0000-7000-8000-000000000001 x"]
        {
            assert_eq!(heard(strange), None, "{strange}");
        }
    }
}
