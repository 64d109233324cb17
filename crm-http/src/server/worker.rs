//! The worker loop: does what is due, tidies up now and then, rests, and ends between two batches.

use std::time::{Duration, Instant};

use crm_core::access::Caller;
use crm_core::crm::Crm;
use crm_core::kernel::Result;
use crm_system::SystemClock;
use tokio::sync::watch;

use super::config::Config;
use super::follow::Following;
use super::open::Opened;
use super::{Failure, each, open, say};

/// Jobs at once.
const BATCH: u32 = 100;
/// Rest when nothing is due.
const REST: Duration = Duration::from_secs(1);
/// How often what is over is forgotten.
const BETWEEN_TIDYINGS: Duration = Duration::from_hours(1);
/// Keys of commands that are forgotten at once.
const KEYS_AT_ONCE: u32 = 500;

/// Works until asked to end.
pub(super) async fn work(config: &Config) -> std::result::Result<(), Failure> {
    let Opened { crm, paywall, .. } = open::open_with_providers(config, SystemClock).await?;
    let _following = paywall.map(Following::begin);
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
    let mut tidied: Option<Instant> = None;
    while !*ended.borrow() {
        if tidied.is_none_or(|at| at.elapsed() >= BETWEEN_TIDYINGS) {
            tidied = Some(Instant::now());
            tidy(&crm, &ended).await;
        }
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

/// Forgets what is over in every organization. Trouble is for the log: an hour later it is tried again.
async fn tidy(crm: &Crm, ended: &watch::Receiver<bool>) {
    match forget(crm, || *ended.borrow()).await {
        Ok(0) => {}
        Ok(forgotten) => tracing::info!(forgotten, "keys of commands are over"),
        Err(error) => tracing::error!(cause = %error, "keys of commands cannot be forgotten"),
    }
}

/// Forgets the keys of commands whose time is over, until `is_over`; answers how many.
async fn forget(crm: &Crm, is_over: impl Fn() -> bool) -> Result<usize> {
    let (mut forgotten, most) = (0, usize::try_from(KEYS_AT_ONCE).unwrap_or(usize::MAX));
    let mut all = each::Organizations::of(crm);
    while let Some((_, organization)) = all.next().await? {
        let session = crm.session(Caller::system(organization, "worker"));
        loop {
            if is_over() {
                return Ok(forgotten);
            }
            let count = session.forget_commands(KEYS_AT_ONCE).await?;
            forgotten += count;
            if count < most {
                break;
            }
        }
    }
    Ok(forgotten)
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crm_core::access::{OrganizationId, Permission};
    use crm_core::command::{CommandKey, CommandName, REMEMBERED};
    use crm_core::kernel::{Clock, Timestamp};
    use crm_core::store::MemoryStore;
    use crm_core::testing::office::found;
    use crm_core::testing::{ManualClock, SequentialIds};

    use super::*;

    struct SharedClock(Arc<ManualClock>);

    impl Clock for SharedClock {
        fn now(&self) -> Timestamp {
            self.0.now()
        }
    }

    async fn command(crm: &Crm, organization: OrganizationId, key: &str) {
        let name = CommandName { principal: "p".to_owned(), key: key.to_owned(), fingerprint: "f".to_owned() };
        let session = crm.session(Caller::system(organization, "test")).carrying_out(name);
        session.begin(Permission::LeadUpdate).await.unwrap().commit().await.unwrap();
    }

    #[tokio::test]
    async fn the_loop_forgets_keys_that_are_over_in_every_organization() {
        let (store, clock) = (MemoryStore::new(), Arc::new(ManualClock::default()));
        let crm = Crm::new(store.clone(), SharedClock(Arc::clone(&clock)), SequentialIds::new());
        let organizations = [found(&crm, "one").await.0, found(&crm, "two").await.0];
        for organization in organizations {
            command(&crm, organization, "old").await;
        }
        clock.advance(REMEMBERED / 2);
        command(&crm, organizations[0], "young").await;
        clock.advance(REMEMBERED / 2);
        let (end, ended) = watch::channel(false);
        let working = tokio::spawn(until(crm, ended));
        let keys = || organizations.map(|organization| store.dump::<CommandKey>(organization).len());
        for _ in 0..1_000 {
            if keys() == [1, 0] {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(keys(), [1, 0]);
        assert_eq!(store.dump::<CommandKey>(organizations[0])[0].key, "young");
        end.send(true).unwrap();
        working.await.unwrap();
    }
}
