//! The worker loop: does what is due, rests, and ends between two batches.

use std::time::Duration;

use crm_core::crm::Crm;
use tokio::sync::watch;

use super::config::Config;
use super::{Failure, open, say};

/// Jobs at once.
const BATCH: u32 = 100;
/// Rest when nothing is due.
const REST: Duration = Duration::from_secs(1);

/// Works until asked to end.
pub(super) async fn work(config: &Config) -> Result<(), Failure> {
    let crm = open::open(config).await?;
    let (end, ended) = watch::channel(false);
    say("Working off what is due; end with Ctrl-C");
    let working = tokio::spawn(until(crm, ended));
    asked_to_end().await;
    let _ = end.send(true);
    Ok(working.await?)
}

/// Works until `ended` says so.
pub(super) async fn until(crm: Crm, mut ended: watch::Receiver<bool>) {
    let worker = format!("crm-http-{}", std::process::id());
    while !*ended.borrow() {
        match crm.run_due(&worker, BATCH).await {
            Ok(run) => {
                for (organization, trouble) in &run.troubles {
                    tracing::warn!(%organization, cause = %trouble, "due work of an organization was not done");
                }
                if run.tried() > 0 {
                    tracing::info!(done = run.done, failed = run.failed, died = run.died, "due work");
                    continue;
                }
            }
            Err(error) => tracing::error!(cause = %error, "due work cannot be asked for"),
        }
        let _ = tokio::time::timeout(REST, ended.changed()).await;
    }
}

/// Waits for Ctrl-C, or for the signal by which systems end services.
pub(super) async fn asked_to_end() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}
