//! Waiting and chance, handed in, so that tests need neither.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::{Duration, Instant};

use async_trait::async_trait;

/// How the client waits: a monotonic clock, a pause, and a source of chance.
#[async_trait]
pub trait Pace: Send + Sync {
    /// Time since some fixed moment; never goes backwards.
    fn elapsed(&self) -> Duration;
    /// A fresh number in 0..=1000, evenly spread.
    fn chance(&self) -> u32;
    /// Waits.
    async fn pause(&self, duration: Duration);
}

/// The machine's own clock and chance.
#[derive(Debug)]
pub struct SystemPace(Instant);

impl Default for SystemPace {
    fn default() -> Self {
        Self(Instant::now())
    }
}

#[async_trait]
impl Pace for SystemPace {
    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
    fn chance(&self) -> u32 {
        // The keys of the standard library's hash maps are random; spreading retries needs no better chance.
        u32::try_from(RandomState::new().build_hasher().finish() % 1_001).unwrap_or(0)
    }
    async fn pause(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// What went wrong, as far as the pause before the next attempt depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// Unreachable, busy or broken.
    Failure,
    /// We ask too often.
    TooOften,
}

/// The pause before attempt `attempt` (1 is the second): doubling from 0.5 s to at most 5 s, and half of it by chance;
/// after "too often" doubling from 2 s to at most 30 s, all of it by chance. Stripe's own `Retry-After` comes first.
pub(crate) fn pause_before(attempt: u32, trouble: Trouble, chance: u32, asked: Option<Duration>) -> Duration {
    let doubled = |first: Duration, longest: Duration| {
        first.saturating_mul(2_u32.saturating_pow(attempt.saturating_sub(1))).min(longest)
    };
    let chance = chance.min(1_000);
    let ours = match trouble {
        Trouble::Failure => {
            let longest = doubled(Duration::from_millis(500), Duration::from_secs(5));
            longest / 2 + longest / 2 * chance / 1_000
        }
        Trouble::TooOften => doubled(Duration::from_secs(2), Duration::from_secs(30)) * chance / 1_000,
    };
    asked.filter(|asked| *asked <= LONGEST_ASKED).map_or(ours, |asked| asked.max(ours))
}

const LONGEST_ASKED: Duration = Duration::from_mins(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_limit_and_are_spread() {
        let pauses = |trouble, chance| -> Vec<u128> {
            (1..=6).map(|attempt| pause_before(attempt, trouble, chance, None).as_millis()).collect()
        };
        assert_eq!(pauses(Trouble::Failure, 1_000), [500, 1_000, 2_000, 4_000, 5_000, 5_000]);
        assert_eq!(pauses(Trouble::Failure, 0), [250, 500, 1_000, 2_000, 2_500, 2_500]);
        assert_eq!(pauses(Trouble::TooOften, 1_000), [2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
        assert_eq!(pauses(Trouble::TooOften, 500)[0], 1_000);
        assert_eq!(pause_before(u32::MAX, Trouble::Failure, 9_999, None), Duration::from_secs(5));
    }

    #[test]
    fn stripe_may_ask_for_a_longer_pause_but_not_for_hours() {
        let asked = |seconds| pause_before(1, Trouble::Failure, 0, Some(Duration::from_secs(seconds)));
        assert_eq!(asked(7), Duration::from_secs(7));
        assert_eq!(asked(3_600), Duration::from_millis(250));
    }

    #[test]
    fn the_machines_chance_is_spread_over_the_whole_range() {
        let pace = SystemPace::default();
        let drawn: Vec<_> = (0..2_000).map(|_| pace.chance()).collect();
        assert!(drawn.iter().all(|chance| *chance <= 1_000));
        assert!(drawn.iter().any(|chance| *chance < 300) && drawn.iter().any(|chance| *chance > 700));
    }
}
