//! Hearing at once what other processes commit about access; without it the paywall asks the store every few seconds.

use std::sync::Arc;

use crm_core::billing::SubscriptionPaywall;
use tokio::task::JoinHandle;

/// A paywall that listens until this is dropped.
#[derive(Debug)]
pub(super) struct Following(JoinHandle<()>);

impl Following {
    /// Has a paywall listen. Where the store tells of nothing, it ends by itself.
    pub(super) fn begin(paywall: Arc<SubscriptionPaywall>) -> Self {
        Self(tokio::spawn(async move { paywall.follow().await }))
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        self.0.abort();
    }
}
