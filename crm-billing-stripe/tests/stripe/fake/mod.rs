//! Stand-ins for Stripe, over real HTTP on this machine.

mod pace;
mod server;

use std::sync::Arc;

use crm_billing_stripe::{SecretKey, StripeBilling, StripeConfig};

pub(crate) use pace::ManualPace;
pub(crate) use server::{Asked, Reply, Server};

/// The key of every test.
pub(crate) const KEY: &str = "sk_test_madeUpForTheseTests00001";

/// How to reach a stand-in.
pub(crate) fn config(address: &str) -> StripeConfig {
    StripeConfig::at(address, SecretKey::parse(KEY).unwrap()).unwrap()
}

/// A gateway to a stand-in that waits without waiting.
pub(crate) fn gateway(address: &str) -> (StripeBilling, Arc<ManualPace>) {
    with(config(address))
}

/// The same with a configuration of its own.
pub(crate) fn with(config: StripeConfig) -> (StripeBilling, Arc<ManualPace>) {
    let pace = Arc::new(ManualPace::default());
    (StripeBilling::with_pace(config, pace.clone()).unwrap(), pace)
}
