//! The course that access to one item takes over time.

use crate::kernel::Timestamp;
use crate::paywall::{AccessReason, Level};

/// How things stand during a stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) level: Level,
    pub(super) reason: AccessReason,
}

impl Standing {
    pub(super) const fn new(level: Level, reason: AccessReason) -> Self {
        Self { level, reason }
    }
}

/// How things stand from the beginning of time on, and at which instants they change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Course {
    first: Standing,
    steps: Vec<(Timestamp, Standing)>,
}

impl Course {
    /// Things stand so for ever.
    pub(super) const fn always(first: Standing) -> Self {
        Self { first, steps: Vec::new() }
    }

    /// The same up to `at`, and so from then on: whatever was to come later does not.
    pub(super) fn then(mut self, at: Timestamp, standing: Standing) -> Self {
        self.steps.retain(|(earlier, _)| *earlier < at);
        self.steps.push((at, standing));
        self
    }

    /// The same up to `at` when there is such an instant, and so from then on.
    pub(super) fn then_if(self, at: Option<Timestamp>, standing: Standing) -> Self {
        match at {
            Some(at) => self.then(at, standing),
            None => self,
        }
    }

    /// From when on nothing is open, when that comes.
    pub(super) fn closes_at(&self) -> Option<Timestamp> {
        let closed = |standing: &Standing| standing.level == Level::None;
        let step = || self.steps.iter().find(|(_, standing)| closed(standing)).map(|(at, _)| *at);
        if closed(&self.first) { Some(Timestamp::MIN) } else { step() }
    }

    /// How things stand at an instant, and when they change next.
    pub(super) fn at(&self, now: Timestamp) -> (Standing, Option<Timestamp>) {
        let next = self.steps.iter().map(|(at, _)| *at).find(|at| *at > now);
        let past = self.steps.iter().rev().find(|(at, _)| *at <= now);
        (past.map_or(self.first, |(_, standing)| *standing), next)
    }

    /// The lesser of two courses at every instant.
    pub(super) fn least(self, other: &Self) -> Self {
        let mut instants: Vec<Timestamp> = self.steps.iter().chain(&other.steps).map(|(at, _)| *at).collect();
        instants.sort_unstable();
        instants.dedup();
        let lesser = |one: Standing, two: Standing| if two.level < one.level { two } else { one };
        let first = lesser(self.first, other.first);
        let steps = instants.into_iter().map(|at| (at, lesser(self.at(at).0, other.at(at).0))).collect();
        Self { first, steps }
    }
}
