//! Identifiers that come out the same in every run.

use std::sync::atomic::{AtomicU64, Ordering};

use uuid::Uuid;

use crate::kernel::{IdSource, Timestamp};

/// Gives out version 7 UUIDs with a counter where chance would be: ordered by time, then by their making.
#[derive(Debug, Default)]
pub struct SequentialIds(AtomicU64);

impl SequentialIds {
    /// A source that counts from 1.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A source that counts on from `taken`, so that several sources in one test never meet.
    #[must_use]
    pub fn counting_from(taken: u64) -> Self {
        Self(AtomicU64::new(taken))
    }
}

impl IdSource for SequentialIds {
    fn next(&self, now: Timestamp) -> Uuid {
        const VERSION: u128 = 7 << 76;
        const VARIANT: u128 = 0b10 << 62;
        const COUNTER: u64 = (1 << 62) - 1;
        let count = self.0.fetch_add(1, Ordering::SeqCst).wrapping_add(1) & COUNTER;
        // Instants before 1970 share the first millisecond, as a version 7 UUID knows none of them.
        let millis = u64::try_from(now.micros().div_euclid(1_000)).unwrap_or(0);
        Uuid::from_u128(u128::from(millis) << 80 | VERSION | VARIANT | u128::from(count))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::kernel::Clock;
    use crate::testing::ManualClock;

    #[test]
    fn identifiers_are_version_7_and_ordered_by_time_and_then_by_making() {
        let (ids, now) = (SequentialIds::new(), ManualClock::default().now());
        let made = [ids.next(now), ids.next(now), ids.next(now.plus(Duration::from_millis(1)))];
        assert!(made.is_sorted_by(|a, b| a < b), "{made:?}");
        assert!(made.iter().all(|id| id.get_version_num() == 7 && id.get_variant() == uuid::Variant::RFC4122));
        assert_eq!(made[0].to_string(), "019cadc6-9a80-7000-8000-000000000001");
    }

    #[test]
    fn another_source_gives_the_same_identifiers_again() {
        let now = Timestamp::MIN;
        assert_eq!(SequentialIds::new().next(now), SequentialIds::new().next(now));
        assert_ne!(SequentialIds::new().next(now), SequentialIds::counting_from(1).next(now));
    }
}
