//! Waiting without waiting: pauses are noted, and the clock moves on by them.

use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use crm_billing_stripe::Pace;

#[derive(Debug, Default)]
pub(crate) struct ManualPace(Mutex<Vec<Duration>>);

impl ManualPace {
    /// The pauses that were made.
    pub(crate) fn pauses(&self) -> Vec<Duration> {
        self.0.lock().unwrap().clone()
    }
}

#[async_trait]
impl Pace for ManualPace {
    fn elapsed(&self) -> Duration {
        self.0.lock().unwrap().iter().sum()
    }
    fn chance(&self) -> u32 {
        1_000
    }
    async fn pause(&self, duration: Duration) {
        self.0.lock().unwrap().push(duration);
    }
}
