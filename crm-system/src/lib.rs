//! What `crm-core` must be given and must not have: the present time, fresh identifiers, a cipher, the world's clocks.
//!
//! A host hands [`SystemClock`] and [`RandomIds`] to [`Crm::new`](crm_core::crm::Crm::new), a [`CipherVault`] and
//! [`IanaZones`] to the [`Channels`](crm_core::inbox::Channels) of its inbox; tests hand in their own.

mod vault;
mod zones;

use std::sync::Mutex;
use std::time::{SystemTime, UNIX_EPOCH};

use crm_core::kernel::{Clock, IdSource, Timestamp};
use uuid::{ContextV7, Uuid};

pub use vault::{CipherVault, KeyRefusal, VaultKey};
pub use zones::IanaZones;

/// The operating system's clock, in UTC with microseconds.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let micros = i64::try_from(since.as_micros()).unwrap_or(i64::MAX);
        Timestamp::from_micros(micros).unwrap_or(Timestamp::MAX)
    }
}

/// Version 7 UUIDs: 48 bits of the given time, a counter within one millisecond, and random bits.
///
/// Identifiers of one source are in the order of their making as long as the clock does not go backwards.
#[derive(Debug, Default)]
pub struct RandomIds(Mutex<ContextV7>);

impl RandomIds {
    /// A source of identifiers.
    #[must_use]
    pub fn new() -> Self {
        Self(Mutex::new(ContextV7::new()))
    }
}

impl IdSource for RandomIds {
    fn next(&self, now: Timestamp) -> Uuid {
        let micros = u64::try_from(now.micros()).unwrap_or(0);
        let nanos = u32::try_from(micros % 1_000_000 * 1_000).unwrap_or(0);
        Uuid::new_v7(uuid::Timestamp::from_unix(&self.0, micros / 1_000_000, nanos))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_carry_the_given_time_and_keep_the_order_of_their_making() {
        let now: Timestamp = "2026-03-02T09:00:00.123456Z".parse().unwrap();
        let ids = RandomIds::new();
        let made: Vec<_> = (0..10_000).map(|_| ids.next(now)).collect();
        assert!(made.is_sorted_by(|a, b| a < b), "each is greater than the one before");
        let (seconds, nanos) = made[0].get_timestamp().unwrap().to_unix();
        assert_eq!((i64::try_from(seconds).unwrap(), nanos / 1_000_000), (now.micros() / 1_000_000, 123));
        assert_ne!(RandomIds::new().next(now), RandomIds::new().next(now));
    }

    #[test]
    fn the_clock_goes_forwards() {
        let first = SystemClock.now();
        assert!(first > "2026-01-01T00:00:00Z".parse().unwrap());
        assert!(SystemClock.now() >= first);
    }
}
