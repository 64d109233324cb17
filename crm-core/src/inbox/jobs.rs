//! The handlers of what the inbox leaves for later.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value as Json;

use super::channel::Channels;
use super::{attend, bulk, health, media, receive, send};
use crate::agenda::Job;
use crate::kernel::{Id, Result, Stored};
use crate::store::{JobHandler, Session};

/// The record that a job names under this key.
pub(super) fn subject<E>(job: &Job, key: &str) -> Option<Id<E>> {
    job.payload.get(key)?.as_str()?.parse().ok()
}

/// Whether a job says so under this key.
pub(super) fn says(job: &Job, key: &str) -> bool {
    job.payload.get(key).and_then(Json::as_bool) == Some(true)
}

/// What a handler of the inbox does with its channels.
type Run =
    for<'r> fn(&'r Channels, &'r Session, &'r Stored<Job>) -> Pin<Box<dyn Future<Output = Result<()>> + Send + 'r>>;

/// A handler that speaks to the outside.
struct WithChannels {
    kind: &'static str,
    channels: Channels,
    run: Run,
}

impl fmt::Debug for WithChannels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("WithChannels").field(&self.kind).finish()
    }
}

#[async_trait]
impl JobHandler for WithChannels {
    fn kind(&self) -> &str {
        self.kind
    }
    async fn run(&self, session: &Session, job: &Stored<Job>) -> Result<()> {
        (self.run)(&self.channels, session, job).await
    }
}

/// The handlers of what the inbox leaves for later, on these channels. [`crate::crm::Crm::with_channels`] registers them.
#[must_use]
pub fn job_handlers(channels: &Channels) -> Vec<Arc<dyn JobHandler>> {
    let handlers: [(&'static str, Run); 9] = [
        (receive::APPLY, |channels, session, job| Box::pin(receive::run_apply(channels, session, job))),
        (receive::SWEEP, |channels, session, job| Box::pin(receive::run_sweep(channels, session, job))),
        (media::FETCH, |channels, session, job| Box::pin(media::run_fetch(channels, session, job))),
        (attend::ATTEND, |channels, session, job| Box::pin(attend::run_attend(channels, session, job))),
        (attend::TARGET, |channels, session, job| Box::pin(attend::run_target(channels, session, job))),
        (attend::WAKE, |channels, session, job| Box::pin(attend::run_wake(channels, session, job))),
        (bulk::BULK, |channels, session, job| Box::pin(bulk::run_bulk(channels, session, job))),
        (health::CHECK, |channels, session, job| Box::pin(health::run_check(channels, session, job))),
        (send::SEND, |channels, session, job| Box::pin(send::run_send(channels, session, job))),
    ];
    let made = handlers
        .into_iter()
        .map(|(kind, run)| -> Arc<dyn JobHandler> { Arc::new(WithChannels { kind, channels: channels.clone(), run }) });
    made.collect()
}
