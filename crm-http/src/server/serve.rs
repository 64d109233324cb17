//! Serving: the API, and beside it the worker, until the process is asked to end.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;

use super::config::Config;
use super::{Failure, metrics, open, say, worker};
use crate::protection::limits::{Rate, RateLimits};
use crate::{Options, identity, router_with};

/// How long requests that have begun may take once the end was asked for.
const PATIENCE: Duration = Duration::from_secs(20);

/// Serves until asked to end, and finishes what has begun.
pub(super) async fn serve(config: &Config) -> Result<(), Failure> {
    let (crm, outside) = open::open_with_providers(config).await?;
    let signing_in = open::identity(config, &crm)?;
    let rate = |per_second: u32| Rate::new(per_second, per_second.saturating_mul(2));
    let rates = RateLimits {
        tiers: vec![rate(config.organization_rate)],
        caller: rate(config.caller_rate),
        ..RateLimits::default()
    };
    let options = Options { secret: Some(open::secret(config)?), rates, outside, ..Options::default() };
    let router = router_with(crm.clone(), signing_in.clone(), options, |api| identity::declare(api, &signing_in))?;
    let router = metrics::counted(router);

    let listener = TcpListener::bind(config.listen)
        .await
        .map_err(|error| format!("listen: {} cannot be listened on: {error}", config.listen))?;
    let address = listener.local_addr()?;
    let (end, ended) = watch::channel(false);
    let working = tokio::spawn(worker::until(crm, ended.clone()));
    say(&format!("The CRM listens on http://{address}"));
    say(&format!("  its API is described at http://{address}/docs"));
    say(&format!("  found the first organization with POST http://{address}/api/auth/register,"));
    say("  or load one to look around in with 'crm-http demo'");
    let asked = async move {
        worker::asked_to_end().await;
        tracing::info!("ending: what has begun is finished first");
        let _ = end.send(true);
    };
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    tokio::select! {
        served = axum::serve(listener, service).with_graceful_shutdown(asked) => served?,
        () = out_of_patience(ended) => tracing::warn!("connections that are still open are closed"),
    }
    working.await?;
    Ok(())
}

/// Comes some time after the end was asked for: who listens to events would never hang up.
async fn out_of_patience(mut ended: watch::Receiver<bool>) {
    let _ = ended.wait_for(|ended| *ended).await;
    tokio::time::sleep(PATIENCE).await;
}
