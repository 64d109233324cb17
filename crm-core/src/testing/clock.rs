//! A clock whose hands the test turns.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use crate::kernel::{Clock, Timestamp};

/// A clock that stands still until it is told otherwise.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// A clock that shows this instant.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        Self(AtomicI64::new(now.micros()))
    }

    /// Turns the hands to this instant, forwards or backwards.
    pub fn set(&self, now: Timestamp) {
        self.0.store(now.micros(), Ordering::SeqCst);
    }

    /// Turns the hands forwards and answers the new instant.
    pub fn advance(&self, duration: Duration) -> Timestamp {
        let later = self.now().plus(duration);
        self.set(later);
        later
    }
}

impl Default for ManualClock {
    /// A Monday morning: 2026-03-02T09:00:00Z.
    fn default() -> Self {
        Self(AtomicI64::new(1_772_442_000_000_000))
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        // Only micros of a timestamp were ever put in.
        Timestamp::from_micros(self.0.load(Ordering::SeqCst)).unwrap_or(Timestamp::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_shows_what_it_was_set_to() {
        let clock = ManualClock::default();
        assert_eq!(clock.now().to_string(), "2026-03-02T09:00:00.000000Z");
        assert_eq!(clock.advance(Duration::from_millis(1_500)).to_string(), "2026-03-02T09:00:01.500000Z");
        assert_eq!(clock.now(), clock.now());
        clock.set(Timestamp::MIN);
        assert_eq!(clock.now(), Timestamp::MIN);
    }
}
