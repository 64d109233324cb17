//! The arithmetic of fading, in whole numbers.
//!
//! A point is a thousand thousandths. What is left of one after `n` full periods is `(1 − rate)^n`, kept in
//! [`SCALE`]ths, where each power is the one before times `1 − rate`, truncated. An engagement is worth
//! `points · 1000 · left / SCALE` thousandths, truncated towards zero. The engagements of a criterion are added up in
//! thousandths and then truncated towards zero to whole points: the contribution. Everything above that adds whole
//! points, so totals are exact sums. With 25 % the powers are exact up to the sixth, then off by less than a billionth.

use super::model::{Decay, DecayStart};
use crate::kernel::Timestamp;

/// What is left of a point, in these parts of it.
const SCALE: i64 = 1_000_000_000_000;
/// Thousandths in a point.
pub(super) const THOUSAND: i64 = 1_000;
/// Below this share not even the most points of a criterion leave a thousandth.
const NEGLIGIBLE: i64 = SCALE / (super::check::MOST_POINTS * THOUSAND);
const MICROS_PER_DAY: i64 = 86_400_000_000;

/// A decay, prepared: one table look-up for each engagement.
#[derive(Clone, Debug)]
pub(super) struct Fading {
    /// What is left after 0, 1, 2 … full periods; nothing behind the end.
    left: Vec<i64>,
    period_micros: i64,
    pub(super) since: DecayStart,
}

impl Fading {
    pub(super) fn new(decay: Decay) -> Self {
        let kept = 10_000 - decay.basis_points.clamp(1, 10_000);
        let mut left = Vec::new();
        let mut share = SCALE;
        while share >= NEGLIGIBLE && left.len() < LONGEST_TABLE {
            left.push(share);
            share = share * kept / 10_000;
        }
        let period_micros = decay.period_days.clamp(1, 3_650) * MICROS_PER_DAY;
        Self { left, period_micros, since: decay.since }
    }

    /// What is left of a point at `now` when time passes since `since`, in parts of [`SCALE`].
    pub(super) fn left(&self, since: Timestamp, now: Timestamp) -> i64 {
        let periods = usize::try_from(self.periods(since, now)).unwrap_or(usize::MAX);
        self.left.get(periods).copied().unwrap_or(0)
    }

    /// The next instant after `now` at which less is left; nothing when nothing is left already.
    pub(super) fn next_step(&self, since: Timestamp, now: Timestamp) -> Option<Timestamp> {
        let periods = self.periods(since, now);
        self.left.get(usize::try_from(periods).ok()?)?;
        let next = self.period_micros.checked_mul(periods + 1)?.checked_add(since.micros())?;
        Timestamp::from_micros(next).ok()
    }

    fn periods(&self, since: Timestamp, now: Timestamp) -> i64 {
        now.micros().saturating_sub(since.micros()).max(0) / self.period_micros
    }
}

/// At 1 % in each period nothing is left long before.
const LONGEST_TABLE: usize = 4_096;

/// What is left of `points`, in thousandths, truncated towards zero.
pub(super) fn thousandths(points: i64, left: i64) -> i64 {
    if left == SCALE {
        return points.saturating_mul(THOUSAND);
    }
    // At most 1000 points: a million thousandths, times at most SCALE, stays below 2^63.
    points.saturating_mul(THOUSAND).saturating_mul(left) / SCALE
}

/// Everything is left.
pub(super) const WHOLE: i64 = SCALE;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const DAY: Duration = Duration::from_hours(24);

    fn quarter() -> Fading {
        Fading::new(Decay::default())
    }

    #[test]
    fn a_quarter_is_lost_at_the_end_of_each_full_period_and_not_a_microsecond_before() {
        let (fading, start) = (quarter(), Timestamp::MIN);
        let worth = |after: Duration| thousandths(100, fading.left(start, start.plus(after)));
        let micro = Duration::from_micros(1);

        assert_eq!(worth(Duration::ZERO), 100_000);
        assert_eq!(worth((DAY * 30).saturating_sub(micro)), 100_000);
        assert_eq!(worth(DAY * 30), 75_000);
        assert_eq!(worth((DAY * 60).saturating_sub(micro)), 75_000);
        assert_eq!(worth(DAY * 60), 56_250);
        assert_eq!(worth(DAY * 30 * 6), 17_797);
        assert_eq!(worth(DAY * 30 * 100), 0);
    }

    #[test]
    fn powers_agree_with_exact_fractions() {
        let fading = Fading::new(Decay { basis_points: 1_234, ..Decay::default() });
        for (n, left) in (0_u32..7).zip(&fading.left) {
            let exact = i128::from(SCALE) * 8_766_i128.pow(n) / 10_000_i128.pow(n);
            assert!((exact - i128::from(*left)).abs() <= i128::from(n), "power {n}: {left} for {exact}");
        }
    }

    #[test]
    fn less_is_left_after_every_period_and_in_the_end_nothing() {
        for basis_points in [100, 2_500, 9_999, 10_000] {
            let fading = Fading::new(Decay { basis_points, ..Decay::default() });
            assert!(fading.left.is_sorted_by(|a, b| a > b), "{basis_points}");
            assert!(fading.left.len() < LONGEST_TABLE, "{basis_points}: {}", fading.left.len());
        }
    }

    #[test]
    fn what_is_left_changes_at_the_next_step_and_not_before() {
        let (fading, since) = (quarter(), Timestamp::MIN.plus(DAY * 3));
        let mut now = since.plus(DAY * 7);
        let mut steps = 0;
        while let Some(next) = fading.next_step(since, now) {
            let before = next.minus(Duration::from_micros(1));
            assert_eq!(fading.left(since, before), fading.left(since, now));
            assert!(fading.left(since, next) < fading.left(since, before));
            now = next;
            steps += 1;
        }
        assert_eq!(steps, fading.left.len());
        assert_eq!(fading.left(since, now), 0);
    }

    #[test]
    fn points_that_were_taken_away_fade_towards_zero_too() {
        let fading = quarter();
        let later = Timestamp::MIN.plus(DAY * 30);
        assert_eq!(thousandths(-1, fading.left(Timestamp::MIN, later)), -750);
    }
}
