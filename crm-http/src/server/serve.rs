//! Serving: the API, and beside it the worker, until the process is asked to end.

use std::net::SocketAddr;
use std::time::Duration;

use crm_core::kernel::Clock;
use crm_system::SystemClock;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::config::Config;
use super::follow::Following;
use super::open::Opened;
use super::{Failure, metrics, open, say, worker};
use crate::protection::limits::{Rate, RateLimits};
use crate::{Options, identity, router_with};

/// How long requests that have begun may take once the end was asked for.
const PATIENCE: Duration = Duration::from_secs(20);

/// A server at work, and its worker beside it. It ends with the process, or by [`Running::end`].
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    end: watch::Sender<bool>,
    serving: JoinHandle<std::io::Result<()>>,
    working: JoinHandle<()>,
    following: Option<Following>,
}

/// How a server ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// All that had begun was finished.
    InOrder,
    /// Requests that would not end were cut off.
    CutOff,
}

/// Serves until asked to end, and finishes what has begun.
pub(super) async fn serve(config: &Config) -> Result<(), Failure> {
    let mut running = start(config, SystemClock).await?;
    let address = running.address;
    say(&format!("The CRM listens on http://{address}"));
    say(&format!("  its API is described at http://{address}/docs"));
    say(&format!("  found the first organization with POST http://{address}/api/auth/register,"));
    say("  or load one to look around in with 'crm-http demo'");
    tokio::select! {
        () = worker::asked_to_end() => {}
        served = &mut running.serving => return Ok(served??),
    }
    tracing::info!("ending: what has begun is finished first");
    if running.end().await? == Ended::CutOff {
        tracing::warn!("connections that were still open are closed");
    }
    Ok(())
}

/// Opens what the configuration says, migrates, and serves it by this clock.
///
/// # Errors
/// A sentence that names the key of the configuration which is to be mended.
pub async fn start(config: &Config, clock: impl Clock + Clone + 'static) -> Result<Running, Failure> {
    let Opened { crm, outside, paywall } = open::open_with_providers(config, clock).await?;
    let signing_in = open::identity(config, &crm)?;
    let rate = |per_second: u32| Rate::new(per_second, per_second.saturating_mul(2));
    let rates = RateLimits {
        tiers: vec![rate(config.organization_rate)],
        caller: rate(config.caller_rate),
        ..RateLimits::default()
    };
    let (end, ended) = watch::channel(false);
    let (secret, ending) = (Some(open::secret(config)?), Some(ended.clone()));
    let options = Options { rates, secret, outside, ending, ..Options::default() };
    let router = router_with(crm.clone(), signing_in.clone(), options, |api| identity::declare(api, &signing_in))?;
    let router = metrics::counted(router);

    let listener = TcpListener::bind(config.listen)
        .await
        .map_err(|error| format!("listen: {} cannot be listened on: {error}", config.listen))?;
    let address = listener.local_addr()?;
    let mut asked = ended.clone();
    let asked = async move {
        // Whoever could ask being gone is asking, too.
        let _ = asked.wait_for(|ended| *ended).await;
    };
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let serving = tokio::spawn(axum::serve(listener, service).with_graceful_shutdown(asked).into_future());
    let working = tokio::spawn(worker::until(crm, ended));
    Ok(Running { address, end, serving, working, following: paywall.map(Following::begin) })
}

impl Running {
    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes no more requests, finishes what has begun, and waits for it; for some seconds at the most.
    ///
    /// # Errors
    /// When serving or working had failed.
    pub async fn end(mut self) -> Result<Ended, Failure> {
        let _ = self.end.send(true);
        drop(self.following.take());
        let ended = if let Ok(served) = tokio::time::timeout(PATIENCE, &mut self.serving).await {
            served??;
            Ended::InOrder
        } else {
            self.serving.abort();
            Ended::CutOff
        };
        self.working.await?;
        Ok(ended)
    }
}
